using System.Net.Sockets;
using System.Runtime.InteropServices;
using OnlineRlhf.Daemon.Configuration;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>The daemon's socket file. It has the right permissions from its first instant, and a stale file is removed.</summary>
internal static partial class UnixSocket
{
    // The mask of permissions (octal 117): the socket appears as 0660, for its owner and group.
    private const uint OwnerAndGroup = 0b001_001_111;

    /// <summary>Connections for which <see cref="ConnectionRoom"/> has no room wait here, in the kernel.</summary>
    internal const int Backlog = 512;

    // statx of linux/stat.h, the same on every architecture. stx_mode is the 16-bit field at offset 28; its highest bits give the type of the file.
    private const int CurrentFolder = -100,
        NoFollow = 0x100,
        TypeOnly = 0x1,
        StatxBytes = 256,
        ModeAt = 28,
        TypeMask = 0xF000,
        SocketType = 0xC000;

    /// <summary>Removes a stale socket file, and listens on the path.</summary>
    /// <exception cref="DaemonRunningException">Another process listens on the path.</exception>
    /// <exception cref="ConfigurationException">The path is not a socket, or its folder cannot be used.</exception>
    internal static ListeningSocket Listen(string path)
    {
        Socket? socket = null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            ClearStale(path);
            socket = Bind(path);
            socket.Listen(Backlog);
            return new ListeningSocket(socket);
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

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int folder, string path, int flags, uint mask, byte* buffer);
}
