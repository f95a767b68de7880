using System.Globalization;
using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Daemon.Http.Access;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon.Http;

/// <summary>GET and PUT /v1/profiles/{profile}/files/{digest}: which data sets a profile has learned completely.</summary>
internal static class LearnedFileEndpoints
{
    private const string Route = "/v1/profiles/{profile}/files/{digest}";
    private const int DigestDigits = 32;

    /// <summary>
    /// The most lines of a data set. Searching the ring for this many lines takes half a minute, and learning this many comparisons takes months.
    /// </summary>
    internal const long MostLines = 100_000_000;

    internal static void MapLearnedFiles(this WebApplication app, ModelHost host)
    {
        app.MapRead(
            Route,
            async context =>
            {
                (string profile, UInt128 digest) = Named(context);
                long lines = Number(context, "lines", MostLines) ?? 0;
                var run = (int?)Number(context, "run", int.MaxValue);
                PreferenceLoop loop = await host.WaitAsync(context.RequestAborted).ConfigureAwait(false);
                await Write(context, loop.Files.Find(profile, digest, run, lines, context.RequestAborted)).ConfigureAwait(false);
            }
        );

        app.MapPut(
            Route,
            async context =>
            {
                (string profile, UInt128 digest) = Named(context);
                LearnedFileUpdateBody body = await RoundEndpoints.Read(context, WireJson.Readable.LearnedFileUpdateBody).ConfigureAwait(false);
                if (body.Runs is not (>= 0 and var runs))
                    throw new BadHttpRequestException("runs must be how often the file was learned to its end: 0 or more.");
                PreferenceLoop loop = await host.WaitAsync(context.RequestAborted).ConfigureAwait(false);
                await Write(context, loop.Files.Record(profile, digest, runs, body.State, body.AtLeast ?? 0)).ConfigureAwait(false);
            }
        );
    }

    private static Task Write(HttpContext context, LearnedFile file)
    {
        string digest = file.Digest.ToString("x32", CultureInfo.InvariantCulture);
        var body = new LearnedFileBody(file.Profile, digest, file.State, file.Runs, file.Comparisons, file.LastLine, file.LastComparison);
        return RoundEndpoints.Write(context, body, WireJson.Readable.LearnedFileBody);
    }

    private static (string Profile, UInt128 Digest) Named(HttpContext context)
    {
        var text = (string?)context.Request.RouteValues["digest"];
        return
            text?.Length == DigestDigits && UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 digest)
            ? (Caller.Of(context).ProfileOf((string)context.Request.RouteValues["profile"]!), digest)
            : throw new BadHttpRequestException(
                $"The file's digest must be {DigestDigits} hexadecimal digits: the XXH128 hash of what it holds, unpacked."
            );
    }

    private static long? Number(HttpContext context, string name, long most)
    {
        string? text = context.Request.Query[name];
        if (text is null)
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= most
            ? number
            : throw new BadHttpRequestException($"{name} must be a whole number from 0 to {most}.");
    }
}
