namespace OnlineRlhf.Daemon.Configuration;

/// <summary>Where socket and state are, unless a setting says: systemd's folders where it sets them, else the user's own.</summary>
internal static class Locations
{
    private const string Name = "onlinerlhf",
        SocketName = "onlinerlhf.sock",
        SystemSocket = "/run/onlinerlhf/onlinerlhf.sock",
        SystemUnit = "/usr/lib/systemd/system/onlinerlhf.socket";

    /// <summary>The folder of the system's daemon, the one place that its unit lets it write to.</summary>
    internal const string SystemState = "/var/lib/onlinerlhf";

    private const int LongestSocketPath = 107;

    /// <summary>The socket the daemon listens on.</summary>
    internal static string Listen(string? configured) => Check(configured is not null ? Path.GetFullPath(configured) : Own());

    /// <summary>The socket a client talks to: the system's daemon where there is one, else the user's.</summary>
    internal static string Connect(string? configured) =>
        Check(
            configured is not null ? Path.GetFullPath(configured)
            : (File.Exists(SystemSocket) || File.Exists(SystemUnit)) && Variable("RUNTIME_DIRECTORY") is null && !(HasOwn && File.Exists(Own()))
                ? SystemSocket
            : Own()
        );

    /// <summary>Whether this program is the system's service, or is started as one.</summary>
    internal static bool IsService => Variable("STATE_DIRECTORY") is not null;

    /// <summary>Whether a socket is that of the system's daemon.</summary>
    internal static bool IsSystem(string socket) => socket == SystemSocket;

    /// <summary>The folder of the learned state.</summary>
    internal static string State(string? configured)
    {
        if (configured is not null)
            return Path.GetFullPath(configured);
        if (Variable("STATE_DIRECTORY") is { } system)
            return system.Split(':')[0];
        if (Variable("XDG_STATE_HOME") is { } own)
            return Path.Combine(own, Name);
        return Variable("HOME") is { } home
            ? Path.Combine(home, ".local", "state", Name)
            : throw new ConfigurationException("state: no folder is known for the learned state; set --state or ONLINERLHF_STATE.");
    }

    /// <summary>The folder of the learned state; null where none is known.</summary>
    internal static string? StateOrNone()
    {
        try
        {
            return StateBehind(null, null);
        }
        catch (ConfigurationException)
        {
            return null;
        }
    }

    /// <summary>The folder that says how far files were learned, for whoever runs this.</summary>
    internal static string Positions() =>
        (Variable("STATE_DIRECTORY") ?? Variable("XDG_STATE_HOME") ?? Variable("HOME")) is not null
            ? Path.Combine(State(null), "learn")
            : throw new ConfigurationException("No folder is known for the position in the file: set HOME or XDG_STATE_HOME.");

    /// <summary>The folder of the learned state of the daemon that a client talks to.</summary>
    internal static string StateBehind(string? configuredState, string? configuredSocket) =>
        configuredState is null && Connect(configuredSocket) == SystemSocket ? SystemState : State(configuredState);

    /// <summary>The folder of the state of the daemon that a model is installed for: the system's where root does it.</summary>
    internal static string Installed(string? configured) =>
        configured is null && Variable("STATE_DIRECTORY") is null && Environment.IsPrivilegedProcess ? SystemState : State(configured);

    /// <summary>Whether this user has a place for sockets: a program that the system starts need not have.</summary>
    private static bool HasOwn =>
        Variable("XDG_RUNTIME_DIR") is not null
        || Variable("XDG_STATE_HOME") is not null
        || Variable("HOME") is not null
        || Variable("STATE_DIRECTORY") is not null;

    private static string Own() =>
        Variable("RUNTIME_DIRECTORY") is { } system ? Path.Combine(system.Split(':')[0], SocketName)
        : Variable("XDG_RUNTIME_DIR") is { } own ? Path.Combine(own, Name, SocketName)
        : Path.Combine(State(null), SocketName);

    private static string Check(string path)
    {
        if (Path.GetDirectoryName(path) is null)
            throw new ConfigurationException($"socket: {path} is the root folder; set --socket to the path of a file.");
        return System.Text.Encoding.UTF8.GetByteCount(path) <= LongestSocketPath
            ? path
            : throw new ConfigurationException(
                $"socket: {path} is longer than the {LongestSocketPath} bytes that Unix sockets allow; set --socket to a shorter path."
            );
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
