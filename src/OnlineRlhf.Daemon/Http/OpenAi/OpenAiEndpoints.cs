using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Http.OpenAi;

/// <summary>OpenAI's API, as chat programs speak it: POST /v1/chat/completions, GET /v1/models, GET /v1/models/{id}; each also without /v1.</summary>
internal static class OpenAiEndpoints
{
    // Chat programs send the whole conversation, with all that they found for it.
    private const int LargestBody = RoundEndpoints.LargestReadBody;

    /// <summary>Marks these routes: docs/openai.md describes them, and not docs/openapi.json.</summary>
    internal sealed record Marker;

    internal static void MapOpenAi(this WebApplication app, ModelHost host, Metrics metrics, TimeProvider clock)
    {
        CancellationToken stopping = app.Lifetime.ApplicationStopping;
        long created = clock.GetUtcNow().ToUnixTimeSeconds();
        foreach (string prefix in (string[])["/v1", ""])
        {
            app.MapPost($"{prefix}/chat/completions", Handled(Complete)).WithMetadata(new Marker());
            app.MapRead($"{prefix}/models", Handled(c => List(c, created))).WithMetadata(new Marker());
            app.MapRead($"{prefix}/models/{{id}}", Handled(c => Show(c, created))).WithMetadata(new Marker());
        }

        async Task Complete(HttpContext context)
        {
            ChatCompletionRequestBody body = await RoundEndpoints
                .Read(context, OpenAiJson.Readable.ChatCompletionRequestBody, LargestBody)
                .ConfigureAwait(false);
            bool isSideJob = context.Request.Headers.ContainsKey(ChatCompletionRequest.SideJobHeader);
            RoundRequest request = ChatCompletionRequest.Convert(body, isSideJob);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
            PreferenceLoop loop = await host.WaitInLineAsync(either.Token).ConfigureAwait(false);
            long start = clock.GetTimestamp();
            var completion = new ChatCompletion(request, body.Model ?? ModelName.Default, clock.GetUtcNow());
            Round? round =
                body.Stream == true
                    ? await new ChatCompletionStream(context, completion, body.StreamOptions?.IncludeUsage == true, clock)
                        .OpenAsync(loop, request, either.Token)
                        .ConfigureAwait(false)
                    : await loop.OpenRoundAsync(request, cancellationToken: either.Token).ConfigureAwait(false);
            if (round is null)
                return;
            if (request.Scope != RoundScope.None)
                metrics.Opened(round, clock.GetElapsedTime(start));
            if (body.Stream != true)
                await RoundEndpoints.Write(context, completion.Of(round), OpenAiJson.Readable.ChatCompletionBody).ConfigureAwait(false);
        }
    }

    private static RequestDelegate Handled(RequestDelegate handle) =>
        context =>
        {
            context.Features.Set<ErrorWriter>(OpenAiErrors.Write);
            return handle(context);
        };

    private static Task List(HttpContext context, long created) =>
        RoundEndpoints.Write(context, new ModelListBody("list", [Model(ModelName.Default, created)]), OpenAiJson.Readable.ModelListBody);

    private static Task Show(HttpContext context, long created)
    {
        string id = (string?)context.Request.RouteValues["id"] ?? "";
        if (!id.StartsWith(ModelName.Default, StringComparison.Ordinal))
            throw new OpenAiException($"There is no such model: use {ModelName.Default}.", "model", "model_not_found", StatusCodes.Status404NotFound);
        _ = ModelName.Profile(id);
        return RoundEndpoints.Write(context, Model(id, created), OpenAiJson.Readable.ModelBody);
    }

    private static ModelBody Model(string id, long created) => new(id, "model", created, "onlinerlhf");
}
