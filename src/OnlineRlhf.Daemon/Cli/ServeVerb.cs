using System.CommandLine;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Hosting;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>onlinerlhf serve: runs the daemon.</summary>
internal static class ServeVerb
{
    internal const string Name = "serve";

    internal static Command Create()
    {
        var settings = new SettingOptions();
        var command = new Command(Name, "Run the daemon: HTTP and JSON over a Unix socket.");
        settings.AddTo(command, Setting.All);
        command.SetAction((parsed, _) => DaemonHost.RunAsync(settings.Read(parsed)));
        return command;
    }
}
