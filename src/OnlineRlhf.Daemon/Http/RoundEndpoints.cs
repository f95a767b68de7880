using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Daemon.Http.Access;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon.Http;

/// <summary>POST /v1/rounds, GET /v1/rounds/current, GET /v1/rounds/{id}, POST /v1/rounds/{id}/feedback.</summary>
internal static class RoundEndpoints
{
    internal const int LargestBody = 256 * 1024;

    /// <summary>
    /// The daemon reads a body up to this size completely before it refuses it, so that the client can read why. It cuts the connection
    /// for larger ones.
    /// </summary>
    internal const int LargestReadBody = 2 * OpenAi.OpenAiEndpoints.LargestBody;

    /// <summary>How long a press is under way from a button somewhere in the house. Nobody has read two answers in this time.</summary>
    private static readonly TimeSpan Travel = TimeSpan.FromMilliseconds(300);

    internal static void MapRounds(this WebApplication app, ModelHost host, Metrics metrics, TimeProvider clock)
    {
        CancellationToken stopping = app.Lifetime.ApplicationStopping;

        app.MapPost(
            "/v1/rounds",
            async context =>
            {
                RoundRequestBody body = await Read(context, WireJson.Readable.RoundRequestBody).ConfigureAwait(false);
                RoundRequest request = Convert(body, Caller.Of(context));
                using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
                PreferenceLoop loop = await host.WaitInLineAsync(either.Token).ConfigureAwait(false);
                long start = clock.GetTimestamp();
                if (body.Stream == true)
                {
                    if (await RoundStream.OpenAsync(context, loop, request, either.Token).ConfigureAwait(false) is { } streamed)
                        metrics.Opened(streamed, clock.GetElapsedTime(start));
                    return;
                }
                Round round = await loop.OpenRoundAsync(request, cancellationToken: either.Token).ConfigureAwait(false);
                metrics.Opened(round, clock.GetElapsedTime(start));
                context.Response.StatusCode = StatusCodes.Status201Created;
                context.Response.Headers.Location = $"/v1/rounds/{round.Id}";
                await Write(context, RoundBody.Of(round), WireJson.Readable.RoundBody).ConfigureAwait(false);
            }
        );

        app.MapRead(
            "/v1/rounds/current",
            async context =>
            {
                PreferenceLoop loop = await host.WaitAsync(context.RequestAborted).ConfigureAwait(false);
                string? profile = context.Request.Query["profile"];
                if (Caller.Of(context) is { Profile: not null } caller)
                    profile = caller.ProfileOf(profile);
                Round? round = loop.Current(profile);
                if (round is null)
                    await Problems
                        .Write(
                            context,
                            ProblemKind.NoneOpen,
                            profile is null
                                ? "No round waits for feedback: the last one may have been answered already."
                                : "This profile has no open round: the last one may have been answered already."
                        )
                        .ConfigureAwait(false);
                else
                    await Write(context, RoundBody.Of(round), WireJson.Readable.RoundBody).ConfigureAwait(false);
            }
        );

        app.MapRead(
            "/v1/rounds/{id}",
            async context =>
            {
                PreferenceLoop loop = await host.WaitAsync(context.RequestAborted).ConfigureAwait(false);
                if (Id(context) is { } id && loop.Find(id) is { } round && Caller.Of(context).Sees(round.Profile))
                    await Write(context, RoundBody.Of(round), WireJson.Readable.RoundBody).ConfigureAwait(false);
                else
                    await Problems.Write(context, ProblemKind.Unknown, "No such round is open.").ConfigureAwait(false);
            }
        );

        app.MapPost(
            "/v1/rounds/current/feedback",
            async context =>
            {
                long began = clock.GetTimestamp() - (long)(Travel.TotalSeconds * clock.TimestampFrequency);
                Preferred preferred = await ReadPreferred(context).ConfigureAwait(false);
                PreferenceLoop loop = await host.WaitAsync(context.RequestAborted).ConfigureAwait(false);
                Press press = await loop.PressAsync(preferred, began, Caller.Of(context).OnlyProfile).ConfigureAwait(false);
                if (press.Result is { } result)
                    await Write(context, FeedbackResultBody.Of(result), WireJson.Readable.FeedbackResultBody).ConfigureAwait(false);
                else if (press.Outcome == PressOutcome.NoRound)
                    await Problems.Write(context, ProblemKind.NoneOpen, "No round waits for feedback.").ConfigureAwait(false);
                else
                    await Problems.Write(context, ProblemKind.NotCounted, WhyNot(press.Outcome)).ConfigureAwait(false);
            }
        );

        app.MapPost(
            "/v1/rounds/{id}/feedback",
            async context =>
            {
                Preferred preferred = await ReadPreferred(context).ConfigureAwait(false);
                PreferenceLoop loop = await host.WaitAsync(context.RequestAborted).ConfigureAwait(false);
                Guid id = Id(context) ?? Guid.Empty;
                if (!Caller.Of(context).Sees(id))
                    throw new RoundException(RoundError.Unknown, "This key's profile has no such round.");
                // Record the feedback even if the client disconnects: the person has pressed.
                FeedbackResult result = await loop.GiveFeedbackAsync(id, preferred, CancellationToken.None).ConfigureAwait(false);
                await Write(context, FeedbackResultBody.Of(result), WireJson.Readable.FeedbackResultBody).ConfigureAwait(false);
            }
        );
    }

    internal static Task Write<T>(HttpContext context, T body, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        return JsonSerializer.SerializeAsync(context.Response.Body, body, type, context.RequestAborted);
    }

    /// <summary>Reads a JSON body, whatever its content type is, because curl -d calls everything a form.</summary>
    internal static async Task<T> Read<T>(HttpContext context, JsonTypeInfo<T> type)
    {
        byte[] body = await Read(context, LargestBody).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize(BodyEncoding.Utf8(context.Request, body), type) ?? throw new JsonException();
        }
        catch (JsonException e) when (e.InnerException is JsonException && BodyEncoding.Unsupported(context.Request) is { } unsupported)
        {
            throw unsupported;
        }
    }

    /// <summary>Reads a body of at most this many bytes.</summary>
    internal static async Task<byte[]> Read(HttpContext context, int largest)
    {
        PipeReader reader = context.Request.BodyReader;
        ReadResult read = await reader.ReadAtLeastAsync(largest + 1, context.RequestAborted).ConfigureAwait(false);
        bool tooLarge = read.Buffer.Length > largest;
        byte[] body = tooLarge ? [] : read.Buffer.ToArray();
        reader.AdvanceTo(read.Buffer.End);
        if (tooLarge)
            throw new BadHttpRequestException("The body is too large.", StatusCodes.Status413PayloadTooLarge);
        if (body.Length == 0)
            throw new BadHttpRequestException("The body is empty: send one JSON object.");
        return body;
    }

    internal static ChatMessage[] Messages(IReadOnlyList<MessageBody>? messages)
    {
        if (messages is null)
            throw new BadHttpRequestException("messages is missing: send at least one message of the user.");
        if (messages.Any(m => m is null))
            throw new BadHttpRequestException("messages holds null: each message is an object with role and content.");
        return [.. messages.Select(m => new ChatMessage(m.Role, m.Content))];
    }

    private static async Task<Preferred> ReadPreferred(HttpContext context)
    {
        FeedbackBody body = await Read(context, WireJson.Readable.FeedbackBody).ConfigureAwait(false);
        return WireName.TryParse(body.Preferred, out Preferred preferred)
            ? preferred
            : throw new BadHttpRequestException($"preferred must be {WireName.Choice<Preferred>()}.");
    }

    private static string WhyNot(PressOutcome outcome) =>
        outcome switch
        {
            PressOutcome.Generating => "The model was writing new answers: the press was meant for the old ones. Nothing was recorded.",
            PressOutcome.TooEarly => "The pair was shown only now, so the press cannot be meant for it. Nothing was recorded.",
            _ => "The pair is over: it was answered, or another one took its place. Nothing was recorded.",
        };

    private static Guid? Id(HttpContext context) => Guid.TryParse((string?)context.Request.RouteValues["id"], out Guid id) ? id : null;

    private static RoundRequest Convert(RoundRequestBody body, Caller caller)
    {
        AskMode? ask = null;
        if (body.Ask is not null)
            ask = WireName.TryParse(body.Ask, out AskMode mode)
                ? mode
                : throw new BadHttpRequestException($"ask must be {WireName.Choice<AskMode>()}.");
        return new RoundRequest(Messages(body.Messages))
        {
            Profile = caller.ProfileOf(body.Profile),
            Ask = ask,
            Candidates = body.Candidates,
            MaxTokens = body.MaxTokens,
            Temperature = body.Temperature,
            Seed = body.Seed,
        };
    }
}
