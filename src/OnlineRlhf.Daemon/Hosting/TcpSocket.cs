using System.Net;
using System.Net.Sockets;
using OnlineRlhf.Daemon.Configuration;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>Opens the addresses of the setting listen.</summary>
internal static class TcpSocket
{
    /// <summary>Listens on an address.</summary>
    /// <exception cref="ConfigurationException">The address cannot be opened.</exception>
    internal static ListeningSocket Listen(IPEndPoint address)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            // As people expect of [::], it takes IPv4 too.
            if (address.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(address);
            socket.Listen(UnixSocket.Backlog);
            return new ListeningSocket(socket);
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            throw new ConfigurationException($"listen: {address} cannot be opened ({e.Message}); {Advice}.");
        }
    }

    private static string Advice =>
        Locations.IsService
            ? "the service opens no network itself, systemd opens the port for it: sudo systemctl stop onlinerlhf.socket onlinerlhf && "
                + "sudo systemctl enable --now onlinerlhf-http.socket onlinerlhf.socket onlinerlhf"
            : "give an address of this machine and a port that is free";
}
