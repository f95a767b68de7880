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

    // The rest waits in the kernel.
    private const int Backlog = 512;

    // statx of linux/stat.h, the same on every architecture: stx_mode is the 16-bit field at 28, its highest bits the type of the file.
    private const int CurrentFolder = -100,
        NoFollow = 0x100,
        TypeOnly = 0x1,
        StatxBytes = 256,
        ModeAt = 28,
        TypeMask = 0xF000,
        SocketType = 0xC000;

    // fcntl.h and sys/socket.h, the same on x64 and arm64. The call gives -1 where the descriptor is closed, with all bits set.
    private const int GetDescriptorFlags = 1,
        CloseOnExec = 1,
        SocketLevel = 1,
        TypeOption = 3,
        ListensOption = 30,
        StreamType = 1;

    /// <summary>The first descriptor that a service manager passes on.</summary>
    private const int FirstPassed = 3;

    // Whoever has connected has sent its request, or does so at once.
    private const int RequestMilliseconds = 500,
        LongestRequest = 65_536;
    private static Socket? s_passed;

    /// <summary>The socket that the service manager listens on for this process, and its path; null where there is none.</summary>
    /// <exception cref="ConfigurationException">Something else than one Unix socket was passed.</exception>
    internal static (Socket Socket, string Path)? TakePassed()
    {
        if (Environment.GetEnvironmentVariable("LISTEN_PID") != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            return null;
        if (Environment.GetEnvironmentVariable("LISTEN_FDS") != "1")
            throw new ConfigurationException("socket: the service manager must pass one socket; give onlinerlhf.socket one ListenStream.");
        // Looked at before the runtime takes it for a socket and owns it: what it has opened itself since the start may have this number.
        if (WhatIsPassed() is { } other)
        {
            throw new ConfigurationException(
                $"socket: the service manager passed {other} instead of a listening socket; give onlinerlhf.socket one ListenStream and Accept=no."
            );
        }
        Socket socket = s_passed = new Socket(new SafeSocketHandle(FirstPassed, ownsHandle: true));
        if (socket.LocalEndPoint is not UnixDomainSocketEndPoint local || !Path.IsPathRooted(local.ToString()))
        {
            throw new ConfigurationException(
                $"socket: the service manager passed {socket.LocalEndPoint}, which is no Unix socket with a path; give onlinerlhf.socket a path."
            );
        }
        return (socket, local.ToString());
    }

    /// <summary>
    /// Tells those whose connection the service manager started this process for that it cannot serve. Left alone they would start
    /// it again at once, and again, until it is given up.
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
                Refuse(connection, response);
            }
        }
        catch (Exception e) when (e is SocketException or ConfigurationException)
        {
            // What keeps the daemon from starting is told in its log.
        }
    }

    /// <summary>Answers a connection that is not served.</summary>
    internal static void Refuse(Socket connection, byte[] response)
    {
        connection.ReceiveTimeout = connection.SendTimeout = RequestMilliseconds;
        _ = connection.Receive(new byte[LongestRequest]);
        _ = connection.Send(response);
    }

    /// <summary>What the first passed descriptor is, where it is no listening stream socket.</summary>
    private static string? WhatIsPassed()
    {
        // What is passed outlives the start of a program, and what the runtime opens does not.
        if ((fcntl(FirstPassed, GetDescriptorFlags) & CloseOnExec) != 0)
            return "no open descriptor";
        if (SocketOption(TypeOption) is not { } type)
            return "a descriptor that is no socket";
        if (type != StreamType)
            return "a socket for datagrams";
        return SocketOption(ListensOption) == 0 ? "a connected socket" : null;
    }

    private static int? SocketOption(int option)
    {
        int value = 0;
        uint length = sizeof(int);
        return getsockopt(FirstPassed, SocketLevel, option, ref value, ref length) == 0 ? value : null;
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
            throw new ConfigurationException(
                $"socket: {path} cannot be opened ({e.Message}); set --socket to a path in a folder that this user may write to."
            );
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

    [LibraryImport("libc")]
    private static partial int fcntl(int descriptor, int command);

    [LibraryImport("libc")]
    private static partial int getsockopt(int descriptor, int level, int option, ref int value, ref uint length);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int folder, string path, int flags, uint mask, byte* buffer);
}
