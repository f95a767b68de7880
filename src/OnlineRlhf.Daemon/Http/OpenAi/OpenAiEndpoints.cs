using System.Text.Json;
using System.Threading.Channels;
using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Daemon.Http.Access;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Conversations;
using OnlineRlhf.Rounds.Events;

namespace OnlineRlhf.Daemon.Http.OpenAi;

/// <summary>OpenAI's API, as chat programs speak it: POST /v1/chat/completions, GET /v1/models, GET /v1/models/{id}; each also without /v1.</summary>
internal static class OpenAiEndpoints
{
    // Chat programs send the whole conversation, with all that they found for it.
    internal const int LargestBody = 4 << 20;

    private const string TooLate = "These two answers are no longer open: this reply changed nothing.";

    // The first segments of OpenAI's paths that chat programs try.
    private static readonly string[] Theirs = ["/chat", "/models", "/completions", "/embeddings", "/responses"];

    /// <summary>Marks these routes: docs/openai.md describes them, and not docs/openapi.json.</summary>
    internal sealed record Marker;

    internal static void MapOpenAi(this WebApplication app, ModelHost host, Metrics metrics, TimeProvider clock)
    {
        CancellationToken stopping = app.Lifetime.ApplicationStopping;
        long created = clock.GetUtcNow().ToUnixTimeSeconds();
        foreach (string prefix in (string[])["/v1", ""])
        {
            app.MapPost($"{prefix}/chat/completions", Complete).WithMetadata(new Marker());
            app.MapRead($"{prefix}/models", c => List(c, created)).WithMetadata(new Marker());
            app.MapRead($"{prefix}/models/{{**id}}", c => Show(c, created)).WithMetadata(new Marker());
        }

        async Task Complete(HttpContext context)
        {
            byte[] sent = await RoundEndpoints.Read(context, LargestBody).ConfigureAwait(false);
            var body = RequestFields.Parse(BodyEncoding.Utf8(context.Request, sent));
            bool isSideJob = context.Request.Headers[ChatCompletionRequest.SideJobHeader].ToString() is not ("" or "0" or "false" or "False");
            var caller = Caller.Of(context);
            (RoundRequest request, PairReply? reply) = ChatCompletionRequest.Convert(body, isSideJob, caller);
            request = request with
            {
                Source = caller.IsTalkLearned ? caller.Source : null,
                IsRetry = context.Request.Headers[ChatCompletionRequest.RetryHeader].ToString() is not ("" or "0"),
            };
            using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
            long start = clock.GetTimestamp();
            var completion = new ChatCompletion(request, body.Text("model") is { Length: > 0 } name ? name : ModelName.Default, clock.GetUtcNow());
            bool isStreamed = body.Flag("stream") == true,
                withUsage = RequestFields.Any(body.Any("stream_options"), "include_usage") is { ValueKind: JsonValueKind.True };
            using ConversationAnswer? answer = isStreamed
                ? await new ChatCompletionStream(context, completion, withUsage, clock).OpenAsync(AnswerAsync).ConfigureAwait(false)
                : await AnswerAsync(null, null).ConfigureAwait(false);
            if (answer is null)
                return;
            if (answer is { IsNew: true, Round: { } round })
                metrics.Opened(round, clock.GetElapsedTime(start));
            if (isStreamed)
                return;
            // A client may close the connection as soon as it has read the last byte, so this looks before.
            bool isThere = !context.RequestAborted.IsCancellationRequested;
            await OpenAiJson.Write(context, completion.Whole(answer)).ConfigureAwait(false);
            await context.Response.CompleteAsync().ConfigureAwait(false);
            if (isThere)
                answer.Delivered();

            async Task<ConversationAnswer> AnswerAsync(ChannelWriter<RoundEvent.Writing>? written, IProgress<SamplingProgress>? progress)
            {
                PreferenceLoop loop = await host.WaitInLineAsync(either.Token).ConfigureAwait(false);
                return reply is not null
                    ? new ConversationAnswer(await PressAsync(loop, request, reply).ConfigureAwait(false))
                    : await loop.Conversations.AnswerAsync(request, written, progress, either.Token).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Takes a reply to two answers as the press that it is, and says what came of it.</summary>
    private static async Task<string> PressAsync(PreferenceLoop loop, RoundRequest request, PairReply reply)
    {
        if (loop.Conversations.FindPair(request.Profile, reply.First, reply.Second) is not { } round)
            return TooLate;
        try
        {
            // Record it even if the client disconnects: the person has replied.
            _ = await loop.GiveFeedbackAsync(round, reply.Preferred, CancellationToken.None).ConfigureAwait(false);
            return PairMessage.Thanks(reply.Preferred);
        }
        catch (RoundException e)
        {
            return e.Error == RoundError.OtherAnswer ? e.Message : TooLate;
        }
    }

    /// <summary>Whether somebody who asks for this path expects errors in the shape of OpenAI's API.</summary>
    internal static bool Expects(PathString path) =>
        Theirs.Any(p => path.StartsWithSegments(p) || (path.StartsWithSegments("/v1", out PathString rest) && rest.StartsWithSegments(p)));

    private static Task List(HttpContext context, long created) =>
        OpenAiJson.Write(
            context,
            OpenAiJson.Object(json =>
            {
                json.WriteString("object", "list");
                json.WriteStartArray("data");
                json.WriteStartObject();
                WriteModel(json, ModelName.Default, created);
                json.WriteEndObject();
                json.WriteStartObject();
                WriteModel(json, ModelName.Default + ModelName.Pair, created);
                json.WriteEndObject();
                json.WriteEndArray();
            })
        );

    private static Task Show(HttpContext context, long created)
    {
        string id = (string?)context.Request.RouteValues["id"] ?? "";
        if (!id.StartsWith(ModelName.Default, StringComparison.OrdinalIgnoreCase))
            throw ModelName.Unknown();
        _ = ModelName.Profile(id, Caller.Of(context));
        return OpenAiJson.Write(context, OpenAiJson.Object(json => WriteModel(json, id, created)));
    }

    private static void WriteModel(Utf8JsonWriter json, string id, long created)
    {
        json.WriteString("id", id);
        json.WriteString("object", "model");
        json.WriteNumber("created", created);
        json.WriteString("owned_by", "onlinerlhf");
    }
}
