namespace OnlineRlhf.Daemon.Configuration;

/// <summary>The default paths of the socket and the state: in systemd's folders if systemd sets them, otherwise in the user's own.</summary>
internal static class Locations
{
    private const string Name = "onlinerlhf",
        SocketName = "onlinerlhf.sock",
        SystemSocket = "/run/onlinerlhf/onlinerlhf.sock",
        SystemUnit = "/usr/lib/systemd/system/onlinerlhf.socket";

    /// <summary>The state folder of the system's daemon, and the only place where its unit lets it keep state.</summary>
    internal const string SystemState = "/var/lib/onlinerlhf";

    private const int LongestSocketPath = 107;

    /// <summary>The socket that the daemon listens on.</summary>
    internal static string Listen(string? configured) => Check(configured is not null ? Path.GetFullPath(configured) : Own());

    /// <summary>The socket that a client connects to: that of the system's daemon if there is one, otherwise the user's.</summary>
    internal static string Connect(string? configured) =>
        Check(
            configured is not null ? Path.GetFullPath(configured)
            : (File.Exists(SystemSocket) || File.Exists(SystemUnit)) && Variable("RUNTIME_DIRECTORY") is null && !(HasOwn && File.Exists(Own()))
                ? SystemSocket
            : Own()
        );

    /// <summary>Whether this program runs as the system's service, or with its environment.</summary>
    internal static bool IsService => Variable("STATE_DIRECTORY") is not null;

    /// <summary>Whether this path is the socket of the system's daemon.</summary>
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

    /// <summary>The folder of the learned state; null if none is known.</summary>
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

    /// <summary>The folder in which onlinerlhf learn keeps its positions for this user.</summary>
    internal static string Positions() =>
        (Variable("STATE_DIRECTORY") ?? Variable("XDG_STATE_HOME") ?? Variable("HOME")) is not null
            ? Path.Combine(State(null), "learn")
            : throw new ConfigurationException("No folder is known for the position in the file: set HOME or XDG_STATE_HOME.");

    /// <summary>The folder of the learned state of the daemon that a client connects to.</summary>
    internal static string StateBehind(string? configuredState, string? configuredSocket) =>
        configuredState is null && Connect(configuredSocket) == SystemSocket ? SystemState : State(configuredState);

    /// <summary>The state folder of the daemon for which onlinerlhf model use installs a model: the system's daemon if root installs it.</summary>
    internal static string Installed(string? configured) =>
        configured is null && Variable("STATE_DIRECTORY") is null && Environment.IsPrivilegedProcess ? SystemState : State(configured);

    /// <summary>Whether this user has a place for sockets. A program that the system starts may have none.</summary>
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
