namespace OnlineRlhf.Daemon.Http;

/// <summary>Maps paths that clients only read.</summary>
internal static class ReadEndpoint
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Answers GET, and answers HEAD with the same headers. For HEAD the web server leaves out the body.</summary>
    internal static IEndpointConventionBuilder MapRead(this WebApplication app, string path, RequestDelegate answer) =>
        app.MapMethods(path, Methods, answer);
}
