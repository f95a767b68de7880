using System.CommandLine;
using OnlineRlhf.Daemon.Configuration;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>The options of every command that talks to the daemon.</summary>
internal sealed class ClientOptions
{
    private readonly Option<string> _socket = new("--socket") { Description = "the daemon's socket [ONLINERLHF_SOCKET]" };

    internal Option<bool> Json { get; } = new("--json") { Description = "print the daemon's JSON" };

    internal void AddTo(Command command)
    {
        AddSocketTo(command);
        command.Add(Json);
    }

    internal void AddSocketTo(Command command) => command.Add(_socket);

    /// <summary>The option that finds the same daemon again, for a command that is shown; empty without one.</summary>
    internal string Repeat(ParseResult parsed) =>
        parsed.GetValue(_socket) is not { } socket ? ""
        : socket.Any(char.IsWhiteSpace) ? $"--socket '{socket}' "
        : $"--socket {socket} ";

    internal DaemonClient Connect(ParseResult parsed)
    {
        string? configured = parsed.GetValue(_socket);
        if (configured is null && Environment.GetEnvironmentVariable("ONLINERLHF_SOCKET") is { Length: > 0 } variable)
            configured = variable;
        if (configured is not null)
            Setting.All.Single(s => s.Key == "socket").Check(configured);
        return new DaemonClient(Locations.Connect(configured));
    }
}
