namespace OnlineRlhf.Daemon.Http;

/// <summary>Paths that are read.</summary>
internal static class ReadEndpoint
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Answers GET, and HEAD with the same headers: the web server leaves the body out.</summary>
    internal static void MapRead(this WebApplication app, string path, RequestDelegate answer) => app.MapMethods(path, Methods, answer);
}
