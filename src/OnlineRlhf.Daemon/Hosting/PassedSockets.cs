using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using OnlineRlhf.Daemon.Configuration;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>
/// The listening sockets that systemd passes to this process. Their address families tell them apart: the names in LISTEN_FDNAMES can be anything.
/// </summary>
internal static partial class PassedSockets
{
    // fcntl.h and sys/socket.h, the same on x64 and arm64. For a closed descriptor the call returns -1, in which every bit is set.
    private const int GetDescriptorFlags = 1,
        CloseOnExec = 1,
        SocketLevel = 1,
        TypeOption = 3,
        ListensOption = 30,
        StreamType = 1;

    /// <summary>The number of the first descriptor that systemd passes, and how many it may pass.</summary>
    private const int First = 3,
        Most = 16;

    private static List<ListeningSocket>? s_taken;

    /// <summary>Takes the sockets; none if systemd passed none. At most one of them is a Unix socket.</summary>
    /// <exception cref="ConfigurationException">systemd passed something else.</exception>
    internal static IReadOnlyList<ListeningSocket> Take()
    {
        if (s_taken is not null)
            return s_taken;
        if (Environment.GetEnvironmentVariable("LISTEN_PID") != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            return [];
        string? count = Environment.GetEnvironmentVariable("LISTEN_FDS");
        if (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int passed) || passed is < 1 or > Most)
            throw new ConfigurationException($"socket: the service manager must pass 1 to {Most} sockets (LISTEN_FDS is {count}).");
        // Check all descriptors before the runtime takes ownership of any: the runtime may have opened a file with such a number itself.
        for (int descriptor = First; descriptor < First + passed; descriptor++)
        {
            if (WhatIs(descriptor) is { } other)
                throw new ConfigurationException(
                    $"socket: the service manager passed {other} instead of a listening socket; give the socket units a ListenStream and Accept=no."
                );
        }
        s_taken = [.. Enumerable.Range(First, passed).Select(d => new ListeningSocket(new Socket(new SafeSocketHandle(d, ownsHandle: true))))];
        foreach (ListeningSocket socket in s_taken)
        {
            if (socket.EndPoint is not (IPEndPoint or UnixDomainSocketEndPoint) || (socket.IsLocal && !Path.IsPathRooted($"{socket.EndPoint}")))
                throw new ConfigurationException(
                    $"socket: the service manager passed {socket.EndPoint}, which is no Unix socket with a path and no TCP socket; give it a path."
                );
        }
        if (s_taken.Count(s => s.IsLocal) > 1)
            throw new ConfigurationException("socket: the service manager passed two Unix sockets; give onlinerlhf.socket one ListenStream.");
        return s_taken;
    }

    /// <summary>
    /// Answers the clients whose connections made systemd start this process, saying that the daemon cannot start. Without an answer they would make
    /// systemd start it again and again, until systemd gives up.
    /// </summary>
    /// <param name="response">For clients on the Unix socket.</param>
    /// <param name="brief">For clients over TCP, who have shown no key: it does not say why.</param>
    internal static void RefuseWaiting(byte[] response, byte[] brief)
    {
        try
        {
            foreach (ListeningSocket socket in Take())
            {
                while (socket.Socket is { SafeHandle.IsClosed: false } listening && listening.Poll(0, SelectMode.SelectRead))
                {
                    using Socket connection = listening.Accept();
                    Unserved.Refuse(connection, socket.IsLocal ? response : brief);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ConfigurationException)
        {
            // The log already says why the daemon cannot start.
        }
    }

    /// <summary>Describes a passed descriptor if it is not a listening stream socket; null if it is one.</summary>
    private static string? WhatIs(int descriptor)
    {
        // A passed descriptor has no close-on-exec flag. Descriptors that the runtime opens have it.
        if ((fcntl(descriptor, GetDescriptorFlags) & CloseOnExec) != 0)
            return "no open descriptor";
        if (SocketOption(descriptor, TypeOption) is not { } type)
            return "a descriptor that is no socket";
        if (type != StreamType)
            return "a socket for datagrams";
        return SocketOption(descriptor, ListensOption) == 0 ? "a connected socket" : null;
    }

    private static int? SocketOption(int descriptor, int option)
    {
        int value = 0;
        uint length = sizeof(int);
        return getsockopt(descriptor, SocketLevel, option, ref value, ref length) == 0 ? value : null;
    }

    [LibraryImport("libc")]
    private static partial int fcntl(int descriptor, int command);

    [LibraryImport("libc")]
    private static partial int getsockopt(int descriptor, int level, int option, ref int value, ref uint length);
}
