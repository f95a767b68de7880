using System.CommandLine;
using System.Runtime.InteropServices;
using OnlineRlhf.Daemon.Cli.Watch;
using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>onlinerlhf watch: shows the open pair.</summary>
internal static class WatchVerb
{
    internal const string Name = "watch";

    internal static Command Create()
    {
        var profile = new Option<string?>("--profile")
        {
            Description = "whose pairs are shown; without it, everybody's. The buttons answer the newest pair of all",
        };
        var text = new Option<bool>("--text") { Description = "print the answers too where standard output is no terminal: mind where they go" };
        var client = new ClientOptions();
        var command = new Command(
            Name,
            $"Show the open pair, what is written, pressed and recorded, full-screen on a terminal; keys {PreferenceWords.KeyList} "
                + "answer there, q leaves. Where standard output is no terminal, a line per event is printed, without the answers."
        )
        {
            profile,
            text,
        };
        client.AddSocketTo(command);
        command.Validators.Add(result =>
        {
            try
            {
                if (result.GetValue(profile) is { } name)
                    RoundRequest.RequireName(name);
            }
            catch (RoundException e)
            {
                result.AddError(e.Message);
            }
        });
        command.SetAction(
            async (parsed, _) =>
            {
                using DaemonClient daemon = client.Connect(parsed);
                using var over = new CancellationTokenSource();
                void End(PosixSignalContext signal)
                {
                    signal.Cancel = true;
                    over.Cancel();
                }
                using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End),
                    terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End),
                    hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, End),
                    quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, End);
                string terminal = Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } named ? named : "dumb";
                bool screen = !Console.IsOutputRedirected;
                try
                {
                    // A dumb terminal cannot show a screen. Its user gets lines, with the answers.
                    if (screen && terminal != "dumb")
                        await new ScreenWatch(
                            daemon,
                            parsed.GetValue(profile),
                            terminal == "linux" ? Marks.Plain : Marks.Unicode,
                            Environment.GetEnvironmentVariable("NO_COLOR") is null or ""
                        )
                            .RunAsync(over.Token)
                            .ConfigureAwait(false);
                    else
                        await new LineWatch(daemon, parsed.GetValue(profile), screen || parsed.GetValue(text), TimeProvider.System)
                            .RunAsync(over.Token)
                            .ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    // The user ends this command with a signal.
                }
                return ExitCode.Success;
            }
        );
        return command;
    }
}
