using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using OnlineRlhf.Daemon.Configuration;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>The daemon's socket file: who may connect is right from its first instant, and a stale one is cleared away.</summary>
internal static partial class UnixSocket
{
    // What is taken away from 0777 (octal 117): the socket appears as 0660, for the owner and the group.
    private const uint OwnerAndGroup = 0b001_001_111;

    // The rest waits in the kernel; the web server sets the same once it listens itself.
    private const int Backlog = 512;

    // statx of linux/stat.h, the same on every architecture: stx_mode is the 16-bit field at 28, its highest bits the type of the file.
    private const int CurrentFolder = -100, NoFollow = 0x100, TypeOnly = 0x1, StatxBytes = 256, ModeAt = 28, TypeMask = 0xF000, SocketType = 0xC000;

    /// <summary>The first descriptor that a service manager passes on.</summary>
    private const int FirstPassed = 3;

    // Whoever has connected has sent its request, or does so at once.
    private const int RequestMilliseconds = 500, LongestRequest = 65_536;
    private static Socket? s_passed;

    /// <summary>The socket that the service manager listens on for this process, and its path; null where there is none.</summary>
    /// <exception cref="ConfigurationException">Something else than one Unix socket was passed.</exception>
    internal static (Socket Socket, string Path)? TakePassed()
    {
        if (Environment.GetEnvironmentVariable("LISTEN_PID") != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            return null;
        if (Environment.GetEnvironmentVariable("LISTEN_FDS") != "1")
            throw new ConfigurationException("socket: the service manager must pass one socket; give onlinerlhf.socket one ListenStream.");
        Socket socket = s_passed = new Socket(new SafeSocketHandle(FirstPassed, ownsHandle: true));
        if (socket.LocalEndPoint is not UnixDomainSocketEndPoint local)
            throw new ConfigurationException($"socket: the service manager passed {socket.LocalEndPoint}, which is no Unix socket; give onlinerlhf.socket a path.");
        return (socket, local.ToString());
    }

    /// <summary>
    /// Tells those whose connection the service manager started this process for that it cannot serve. Left alone they would start it again at once, and again,
    /// until it is given up.
    /// </summary>
    internal static void RefuseWaiting(byte[] response)
    {
        try
        {
            if (s_passed is null)
                _ = TakePassed();
            while (s_passed is { SafeHandle.IsClosed: false } && s_passed.Poll(0, SelectMode.SelectRead))
            {
                using Socket connection = s_passed.Accept();
                connection.ReceiveTimeout = connection.SendTimeout = RequestMilliseconds;
                _ = connection.Receive(new byte[LongestRequest]);
                _ = connection.Send(response);
            }
        }
        catch (Exception e) when (e is SocketException or ConfigurationException)
        {
            // What keeps the daemon from starting is told in its log.
        }
    }

    /// <summary>Makes way for the socket, and listens on it.</summary>
    /// <exception cref="DaemonRunningException">Somebody listens there.</exception>
    /// <exception cref="ConfigurationException">Something else than a socket is there, or the folder cannot be used.</exception>
    internal static Socket Listen(string path)
    {
        Socket? socket = null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            ClearStale(path);
            socket = Bind(path);
            socket.Listen(Backlog);
            return socket;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            socket?.Dispose();
            throw new ConfigurationException($"socket: {path} cannot be opened ({e.Message}); set --socket to a path in a folder that this user may write to.");
        }
    }

    private static void ClearStale(string path)
    {
        if (TypeOf(path) is not { } type)
            return;
        using var probe = new Socket(AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e)
        {
            if (type != SocketType)
                throw new ConfigurationException($"socket: {path} exists and is no socket; set --socket to another path.");
            if (e.SocketErrorCode != SocketError.ConnectionRefused)
                throw;
            File.Delete(path);
            return;
        }
        throw new DaemonRunningException($"Another daemon listens on {path}: stop it first, or set --socket to another path.");
    }

    /// <summary>Binds with the right mode at once; a chmod afterwards would leave a moment in which everybody may connect.</summary>
    private static Socket Bind(string path)
    {
        var socket = new Socket(AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, ProtocolType.Unspecified);
        uint before = umask(OwnerAndGroup);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        finally
        {
            _ = umask(before);
        }
    }

    /// <summary>The type of what is at a path, links not followed; null where there is nothing.</summary>
    private static unsafe int? TypeOf(string path)
    {
        byte* buffer = stackalloc byte[StatxBytes];
        return statx(CurrentFolder, path, NoFollow, TypeOnly, buffer) == 0 ? *(ushort*)(buffer + ModeAt) & TypeMask : null;
    }

    [LibraryImport("libc")]
    private static partial uint umask(uint mask);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int folder, string path, int flags, uint mask, byte* buffer);
}
