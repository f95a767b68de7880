using System.Text.Json;
using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Daemon.Http.Access;
using OnlineRlhf.Daemon.Http.OpenAi;
using OnlineRlhf.Inference;
using OnlineRlhf.Rounds;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Http;

/// <summary>Turns errors into RFC 9457 problems: a status, a reason for programs, and a sentence for people.</summary>
internal static class Problems
{
    /// <summary>After how many seconds a client should try again.</summary>
    internal const string RetryAfter = "5";

    /// <summary>Runs the rest of the request, and turns an exception into a problem.</summary>
    internal static async Task Handle(HttpContext context, RequestDelegate next, ILogger logger)
    {
        try
        {
            await next(context).ConfigureAwait(false);
            if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound })
                await Refuse(
                        context,
                        ProblemKind.NoSuchPath,
                        "There is nothing at this path: docs/http-api.md and docs/openai.md list what there is."
                    )
                    .ConfigureAwait(false);
            else if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status405MethodNotAllowed })
                await Refuse(context, ProblemKind.Method, $"This path does not take {context.Request.Method}.").ConfigureAwait(false);
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            if (context.RequestAborted.IsCancellationRequested)
            {
                // The client has left and reads no response. The status is set for the metrics.
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
            await (
                OpenAiEndpoints.Expects(context.Request.Path) ? OpenAiErrors.Write(context, e) : Write(context, status, reason, detail)
            ).ConfigureAwait(false);
        }
    }

    /// <summary>Refuses a request that no endpoint takes.</summary>
    private static Task Refuse(HttpContext context, ProblemKind kind, string detail) =>
        OpenAiEndpoints.Expects(context.Request.Path)
            ? OpenAiErrors.Write(context, new OpenAiException(detail, null, kind.Reason, kind.Status))
            : Write(context, kind, detail);

    internal static Task Write(HttpContext context, ProblemKind kind, string detail) => Write(context, kind.Status, kind.Reason, detail);

    /// <summary>The problem that an exception is.</summary>
    internal static ProblemBody BodyOf(Exception exception)
    {
        (int status, string reason, string detail) = Describe(exception);
        return BodyOf(status, reason, detail);
    }

    private static ProblemBody BodyOf(int status, string reason, string detail) =>
        new("about:blank", Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status), status, detail, reason);

    private static async Task Write(HttpContext context, int status, string reason, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        ProblemBody problem = BodyOf(status, reason, detail);
        await JsonSerializer
            .SerializeAsync(context.Response.Body, problem, WireJson.Readable.ProblemBody, context.RequestAborted)
            .ConfigureAwait(false);
    }

    /// <summary>A complete response that says that the daemon cannot start, for connections that no web server will accept.</summary>
    internal static byte[] CannotStart(string detail) => Unavailable(detail, ProblemKind.CannotStart, "");

    /// <summary>A complete response that says that the daemon has no descriptor for the connection.</summary>
    internal static byte[] Busy { get; } =
        Unavailable(
            "Too many connections are open: close those that are not used, or try again in a few seconds.",
            ProblemKind.Busy,
            $"Retry-After: {RetryAfter}\r\n"
        );

    private static byte[] Unavailable(string detail, ProblemKind kind, string header)
    {
        var problem = new ProblemBody("about:blank", "Service Unavailable", kind.Status, detail, kind.Reason);
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(problem, WireJson.Readable.ProblemBody);
        string head =
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nConnection: close\r\n"
            + $"{header}Content-Length: {body.Length}\r\n\r\n";
        return [.. System.Text.Encoding.ASCII.GetBytes(head), .. body];
    }

    internal static (int Status, string Reason, string Detail) Describe(Exception exception) =>
        exception switch
        {
            RoundException e => Of(e.Error).With(e.Message),
            InferenceException e => Of(e.Error).With(e.Message),
            StateException e => Of(e.Reason).With(e.Message),
            AccessException e => e.Kind.With(e.Message),
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => ProblemKind.BodyTooLarge.With(
                $"The body is larger than {RoundEndpoints.LargestBody} bytes: leave out the oldest messages."
            ),
            BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType } e => ProblemKind.UnsupportedMediaType.With(e.Message),
            BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } e => ProblemKind.BodyTooSlow.With(e.Message),
            BadHttpRequestException e => ProblemKind.BadRequest.With(e.Message),
            JsonException e => ProblemKind.BadJson.With(Explain(e)),
            TimeoutException => ProblemKind.Loading.With("The model is still loading: try again later."),
            OperationCanceledException or ObjectDisposedException => ProblemKind.Stopping.With("The daemon is stopping."),
            _ => ProblemKind.Internal.With("The daemon failed; its log says more."),
        };

    private static ProblemKind Of(RoundError error) =>
        error switch
        {
            RoundError.BadRequest => ProblemKind.BadRequest,
            RoundError.Busy => ProblemKind.Busy,
            RoundError.Unknown => ProblemKind.Unknown,
            RoundError.Expired => ProblemKind.Expired,
            RoundError.Superseded => ProblemKind.Superseded,
            RoundError.TooManyProfiles => ProblemKind.TooManyProfiles,
            RoundError.NoAnswer => ProblemKind.NoAnswer,
            RoundError.NothingLearned => ProblemKind.NothingLearned,
            RoundError.StateChanged => ProblemKind.StateChanged,
            RoundError.OtherAnswer => ProblemKind.OtherAnswer,
            RoundError.NothingAsked => ProblemKind.NothingAsked,
        };

    private static ProblemKind Of(InferenceError error) =>
        error switch
        {
            InferenceError.PromptTooLong => ProblemKind.PromptTooLong,
            InferenceError.NotFinite => ProblemKind.NotFinite,
            InferenceError.ModelChanged => ProblemKind.ModelChanged,
            InferenceError.Device => ProblemKind.Device,
            InferenceError.Library or InferenceError.Model or InferenceError.Decode => ProblemKind.EngineFailed,
        };

    private static ProblemKind Of(StateError error) =>
        error switch
        {
            StateError.DiskFull => ProblemKind.DiskFull,
            StateError.DoesNotFit or StateError.NewerFormat => ProblemKind.StateDoesNotFit,
            StateError.Busy => ProblemKind.StateBusy,
            StateError.Removed => ProblemKind.StateRemoved,
            StateError.Damaged or StateError.IoFailure or StateError.HyperParameters or StateError.Faulted => ProblemKind.State,
        };

    /// <summary>Says where the body is wrong, without quoting its content.</summary>
    private static string Explain(JsonException e) =>
        (e.Path, e.LineNumber) switch
        {
            // An exception of the JSON reader itself is about the syntax.
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
