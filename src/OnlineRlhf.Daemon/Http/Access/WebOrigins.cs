using System.Net;

namespace OnlineRlhf.Daemon.Http.Access;

/// <summary>Checks the headers by which a browser tells where a request goes and which page it comes from.</summary>
/// <remarks>
/// A page of another site can send requests to every address that a person's browser reaches. The header Origin names the page. Where a name of that
/// site was made to lead to this device (DNS rebinding), the header Host gives it away.
/// </remarks>
/// <param name="hosts">Names by which people reach the device, besides its addresses.</param>
/// <param name="origins">Other sites whose pages may send requests.</param>
internal sealed class WebOrigins(IReadOnlyList<string> hosts, IReadOnlyList<string> origins)
{
    private const string CacheSeconds = "600";

    /// <summary>Checks a request, and lets the page that sent it read the response where a setting allows it.</summary>
    /// <exception cref="AccessException">The request was made for another host, or comes from the page of another site.</exception>
    internal void Check(HttpContext context)
    {
        HostString host = context.Request.Host;
        if (!IsOurs(host.Host, context.Connection.LocalIpAddress))
            throw new AccessException(
                ProblemKind.WrongHost,
                "The header Host names another host: use localhost, the device's address, or a name of the setting hosts."
            );
        string origin = context.Request.Headers.Origin.ToString();
        if (origin.Length == 0 || IsSame(origin, host.Value!))
            return;
        if (!origins.Contains(origin, StringComparer.OrdinalIgnoreCase))
            throw new AccessException(
                ProblemKind.Forbidden,
                "The request comes from the page of another site (header Origin): name that site in the setting origins to allow it."
            );
        context.Response.Headers.AccessControlAllowOrigin = origin;
        context.Response.Headers.AccessControlExposeHeaders = "*";
        context.Response.Headers.Vary = "Origin";
    }

    /// <summary>Answers the question that a browser asks before it sends a page's request. It carries no key.</summary>
    internal static bool AnswersPreflight(HttpContext context)
    {
        if (
            !HttpMethods.IsOptions(context.Request.Method)
            || context.Request.Headers.AccessControlRequestMethod.Count == 0
            || context.Response.Headers.AccessControlAllowOrigin.Count == 0
        )
            return false;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        context.Response.Headers.AccessControlAllowMethods = "GET, HEAD, POST, PUT";
        // The star stands for all headers but Authorization.
        context.Response.Headers.AccessControlAllowHeaders = "Authorization, *";
        context.Response.Headers.AccessControlMaxAge = CacheSeconds;
        return true;
    }

    private bool IsOurs(string host, IPAddress? local)
    {
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || hosts.Contains(host, StringComparer.OrdinalIgnoreCase))
            return true;
        return IPAddress.TryParse(host, out IPAddress? named)
            && (IPAddress.IsLoopback(named) || Plain(named).Equals(local is null ? null : Plain(local)));
    }

    // A socket for IPv6 that takes IPv4 too writes IPv4's addresses as IPv6's. The scope of a link-local address is a number on this device.
    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? new IPAddress(address.GetAddressBytes())
        : address;

    /// <summary>Whether an origin is the host itself. A proxy before the daemon may have taken TLS off.</summary>
    private static bool IsSame(string origin, string host) =>
        origin.Equals("http://" + host, StringComparison.OrdinalIgnoreCase) || origin.Equals("https://" + host, StringComparison.OrdinalIgnoreCase);
}
