using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using OnlineRlhf.Daemon.Configuration;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>The daemon's socket file. It has the right permissions from its first instant, and a stale file is removed.</summary>
internal static partial class UnixSocket
{
    // The mask of permissions (octal 117): the socket appears as 0660, for its owner and group.
    private const uint OwnerAndGroup = 0b001_001_111;

    // Connections beyond the limit of ConnectionListener wait here, in the kernel.
    private const int Backlog = 512;

    // statx of linux/stat.h, the same on every architecture. stx_mode is the 16-bit field at offset 28; its highest bits give the type of the file.
    private const int CurrentFolder = -100,
        NoFollow = 0x100,
        TypeOnly = 0x1,
        StatxBytes = 256,
        ModeAt = 28,
        TypeMask = 0xF000,
        SocketType = 0xC000;

    // fcntl.h and sys/socket.h, the same on x64 and arm64. For a closed descriptor the call returns -1, in which every bit is set.
    private const int GetDescriptorFlags = 1,
        CloseOnExec = 1,
        SocketLevel = 1,
        TypeOption = 3,
        ListensOption = 30,
        StreamType = 1;

    /// <summary>The number of the first descriptor that systemd passes.</summary>
    private const int FirstPassed = 3;

    // A connected client has sent its request already, or is about to.
    private const int RequestMilliseconds = 500,
        LongestRequest = 65_536;
    private static Socket? s_passed;

    /// <summary>Takes the listening socket that systemd passed to this process, with its path; null if there is none.</summary>
    /// <exception cref="ConfigurationException">systemd passed something other than one listening Unix socket.</exception>
    internal static (Socket Socket, string Path)? TakePassed()
    {
        if (Environment.GetEnvironmentVariable("LISTEN_PID") != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            return null;
        if (Environment.GetEnvironmentVariable("LISTEN_FDS") != "1")
            throw new ConfigurationException("socket: the service manager must pass one socket; give onlinerlhf.socket one ListenStream.");
        // Check the descriptor before the runtime takes ownership of it: the runtime may have opened a file with this number itself.
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
    /// Answers the clients whose connections made systemd start this process, saying that the daemon cannot start. Without an answer they would make
    /// systemd start it again and again, until systemd gives up.
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
            // The log already says why the daemon cannot start.
        }
    }

    /// <summary>Sends a response on a connection that is not served.</summary>
    internal static void Refuse(Socket connection, byte[] response)
    {
        connection.ReceiveTimeout = connection.SendTimeout = RequestMilliseconds;
        _ = connection.Receive(new byte[LongestRequest]);
        _ = connection.Send(response);
    }

    /// <summary>Describes the first passed descriptor if it is not a listening stream socket; null if it is one.</summary>
    private static string? WhatIsPassed()
    {
        // A passed descriptor has no close-on-exec flag. Descriptors that the runtime opens have it.
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

    /// <summary>Removes a stale socket file, and listens on the path.</summary>
    /// <exception cref="DaemonRunningException">Another process listens on the path.</exception>
    /// <exception cref="ConfigurationException">The path is not a socket, or its folder cannot be used.</exception>
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

    /// <summary>Binds the socket so that its file has the right mode at once. With a later chmod everybody could connect for a moment.</summary>
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

    /// <summary>The type of the file at a path, without following links; null if there is no file.</summary>
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
