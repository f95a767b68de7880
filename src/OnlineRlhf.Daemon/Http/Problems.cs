using System.Text.Json;
using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Inference;
using OnlineRlhf.Rounds;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Http;

/// <summary>Errors as RFC 9457 problems: a status, a reason for programs, and a sentence for people.</summary>
internal static class Problems
{
    /// <summary>After how many seconds it is worth to try again.</summary>
    internal const string RetryAfter = "5";

    /// <summary>The reason of a daemon that a connection has woken in vain.</summary>
    internal const string CannotStartReason = "cannot-start";

    /// <summary>The reason of a daemon that ends, since its model's file was changed.</summary>
    internal const string ModelChangedReason = "model-changed";

    /// <summary>What a client reads where a profile's state is not the one that it knew.</summary>
    internal const string StateChangedReason = "state-changed";

    private const int InsufficientStorage = 507;

    /// <summary>Runs the rest of the request and turns what it throws into a problem.</summary>
    internal static async Task Handle(HttpContext context, RequestDelegate next, ILogger logger)
    {
        try
        {
            await next(context).ConfigureAwait(false);
            if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound })
                await Write(
                        context,
                        StatusCodes.Status404NotFound,
                        "no-such-path",
                        "There is nothing at this path: docs/http-api.md lists what there is."
                    )
                    .ConfigureAwait(false);
            else if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status405MethodNotAllowed })
                await Write(context, StatusCodes.Status405MethodNotAllowed, "method", $"This path does not take {context.Request.Method}.")
                    .ConfigureAwait(false);
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            if (context.RequestAborted.IsCancellationRequested)
            {
                // Nobody reads it; it is counted so.
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
                return;
            }
            (int status, string reason, string detail) = Describe(e);
            if (status == StatusCodes.Status500InternalServerError && e is not InferenceException and not StateException)
                logger.RequestBroke(e);
            else if (status >= 500 && e is not RoundException and not TimeoutException and not OperationCanceledException)
                logger.RequestFailed(detail);
            if (status == StatusCodes.Status503ServiceUnavailable)
                context.Response.Headers.RetryAfter = RetryAfter;
            await Write(context, status, reason, detail).ConfigureAwait(false);
        }
    }

    internal static async Task Write(HttpContext context, int status, string reason, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        var problem = new ProblemBody("about:blank", Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status), status, detail, reason);
        await JsonSerializer
            .SerializeAsync(context.Response.Body, problem, WireJson.Readable.ProblemBody, context.RequestAborted)
            .ConfigureAwait(false);
    }

    /// <summary>A whole response that says that the daemon cannot start: for connections that no web server will take.</summary>
    internal static byte[] CannotStart(string detail) => Unavailable(detail, CannotStartReason, "");

    /// <summary>A whole response that says that the daemon has no descriptor for the connection.</summary>
    internal static byte[] Busy { get; } =
        Unavailable(
            "Too many connections are open: close those that are not used, or try again in a few seconds.",
            "busy",
            $"Retry-After: {RetryAfter}\r\n"
        );

    private static byte[] Unavailable(string detail, string reason, string header)
    {
        var problem = new ProblemBody("about:blank", "Service Unavailable", StatusCodes.Status503ServiceUnavailable, detail, reason);
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(problem, WireJson.Readable.ProblemBody);
        string head =
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nConnection: close\r\n"
            + $"{header}Content-Length: {body.Length}\r\n\r\n";
        return [.. System.Text.Encoding.ASCII.GetBytes(head), .. body];
    }

    internal static (int Status, string Reason, string Detail) Describe(Exception exception) =>
        exception switch
        {
            RoundException e => e.Error switch
            {
                RoundError.BadRequest => (StatusCodes.Status400BadRequest, "bad-request", e.Message),
                RoundError.Busy => (StatusCodes.Status503ServiceUnavailable, "busy", e.Message),
                RoundError.Unknown => (StatusCodes.Status404NotFound, "unknown", e.Message),
                RoundError.Expired => (StatusCodes.Status410Gone, "expired", e.Message),
                RoundError.Superseded => (StatusCodes.Status410Gone, "superseded", e.Message),
                RoundError.TooManyProfiles => (InsufficientStorage, "too-many-profiles", e.Message),
                RoundError.NoAnswer => (StatusCodes.Status503ServiceUnavailable, "no-answer", e.Message),
                RoundError.NothingLearned => (StatusCodes.Status409Conflict, "nothing-learned", e.Message),
                RoundError.StateChanged => (StatusCodes.Status409Conflict, StateChangedReason, e.Message),
                RoundError.OtherAnswer => (StatusCodes.Status409Conflict, "other-answer", e.Message),
                RoundError.NothingAsked => (StatusCodes.Status409Conflict, "nothing-asked", e.Message),
            },
            InferenceException e => e.Error switch
            {
                InferenceError.PromptTooLong => (StatusCodes.Status413PayloadTooLarge, "prompt-too-long", e.Message),
                InferenceError.NotFinite => (StatusCodes.Status422UnprocessableEntity, "not-finite", e.Message),
                InferenceError.ModelChanged => (StatusCodes.Status503ServiceUnavailable, ModelChangedReason, e.Message),
                InferenceError.Device => (StatusCodes.Status503ServiceUnavailable, "engine", e.Message),
                InferenceError.Library or InferenceError.Model or InferenceError.Decode => (
                    StatusCodes.Status500InternalServerError,
                    "engine",
                    e.Message
                ),
            },
            StateException e => e.Reason switch
            {
                StateError.DiskFull => (InsufficientStorage, "disk-full", e.Message),
                StateError.DoesNotFit or StateError.NewerFormat => (StatusCodes.Status409Conflict, "state-does-not-fit", e.Message),
                StateError.Busy => (StatusCodes.Status503ServiceUnavailable, "state-busy", e.Message),
                StateError.Removed => (StatusCodes.Status503ServiceUnavailable, "state-removed", e.Message),
                StateError.Damaged or StateError.IoFailure or StateError.HyperParameters or StateError.Faulted => (
                    StatusCodes.Status500InternalServerError,
                    "state",
                    e.Message
                ),
            },
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => (
                StatusCodes.Status413PayloadTooLarge,
                "body-too-large",
                $"The body is larger than {RoundEndpoints.LargestBody} bytes: leave out the oldest messages."
            ),
            BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType } e => (
                e.StatusCode,
                "unsupported-media-type",
                e.Message
            ),
            BadHttpRequestException e => (e.StatusCode, "bad-request", e.Message),
            JsonException e => (StatusCodes.Status400BadRequest, "bad-json", Explain(e)),
            TimeoutException => (StatusCodes.Status503ServiceUnavailable, "loading", "The model is still loading: try again later."),
            OperationCanceledException or ObjectDisposedException => (StatusCodes.Status503ServiceUnavailable, "stopping", "The daemon is stopping."),
            _ => (StatusCodes.Status500InternalServerError, "internal", "The daemon failed; its log says more."),
        };

    /// <summary>Says where the body is wrong, and nothing of what it holds.</summary>
    private static string Explain(JsonException e) =>
        (e.Path, e.LineNumber) switch
        {
            // What the reader itself throws is about the syntax.
            (_, { } line) when e.InnerException is JsonException =>
                $"The body is not valid JSON: it ends too early or has a stray character at line {line + 1}.",
            ({ Length: > 1 } path, _) when e.Message.Contains("could not be mapped", StringComparison.Ordinal) =>
                $"There is no field {path} here: check its name.",
            (var path, _) when e.InnerException is InvalidOperationException && e.InnerException.Message.Contains("UTF-", StringComparison.Ordinal) =>
                (path is { Length: > 1 } ? $"The text at {path}" : "The name of a field")
                    + " is not valid Unicode: it holds half of a surrogate pair (\\ud800 to \\udfff).",
            ({ Length: > 1 } path, { } line) when e.InnerException is FormatException =>
                $"The number at {path} (line {line + 1}) does not fit: it is too large, or negative, or no whole number.",
            ({ Length: > 1 } path, { } line) => $"The body is not what is expected at {path} (line {line + 1}): check the field's name and type.",
            _ => "The body is not valid JSON of the expected shape: send one object, such as {\"messages\": [{\"role\": \"user\", "
                + "\"content\": \"Hello\"}]} or {\"preferred\": \"first\"} or {\"messages\": ..., \"chosen\": \"...\", \"rejected\": "
                + "\"...\"}, as the path wants.",
        };
}
