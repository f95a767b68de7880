using System.Net.Sockets;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>Answers a connection that is not served.</summary>
internal static class Unserved
{
    // A connected client has sent its request already, or is about to.
    private const int RequestMilliseconds = 500,
        LongestRequest = 65_536;

    /// <summary>Sends a complete response.</summary>
    internal static void Refuse(Socket connection, byte[] response)
    {
        connection.ReceiveTimeout = connection.SendTimeout = RequestMilliseconds;
        _ = connection.Receive(new byte[LongestRequest]);
        _ = connection.Send(response);
    }
}
