using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using OnlineRlhf.Daemon.Configuration;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>The daemon's socket file: who may connect is right from its first instant, and a stale one is cleared away.</summary>
internal static partial class UnixSocket
{
    // What is taken away from 0777 (octal 117): the socket appears as 0660, for the owner and the group.
    private const uint OwnerAndGroup = 0b001_001_111;

    /// <summary>Makes way for a new socket: a file that nobody listens on is removed.</summary>
    /// <exception cref="DaemonRunningException">Somebody listens.</exception>
    /// <exception cref="ConfigurationException">Something else than a socket is there.</exception>
    internal static void ClearStale(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!Path.Exists(path))
            return;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            if (!IsSocket(path))
                throw new ConfigurationException($"socket: {path} exists and is no socket; set --socket to another path.");
            File.Delete(path);
            return;
        }
        throw new DaemonRunningException($"Another daemon listens on {path}: stop it first, or set --socket to another path.");
    }

    /// <summary>Binds with the right mode at once; a chmod afterwards would leave a moment in which everybody may connect.</summary>
    internal static Socket Bind(EndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        uint before = umask(OwnerAndGroup);
        try
        {
            socket.Bind(endPoint);
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

    /// <summary>A socket file is the one kind of file that cannot be opened.</summary>
    private static bool IsSocket(string path)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    [LibraryImport("libc")]
    private static partial uint umask(uint mask);
}
