using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Http.OpenAi;

/// <summary>What all parts of one response have in common.</summary>
/// <param name="request">The request.</param>
/// <param name="model">The model's name, as the client gave it.</param>
/// <param name="created">The time of the request.</param>
internal sealed class ChatCompletion(RoundRequest request, string model, DateTimeOffset created)
{
    private readonly string _id = $"chatcmpl-{Guid.NewGuid():N}";

    /// <summary>How many answers the client asked for.</summary>
    internal int Answers => request.Ask == AskMode.Always ? 2 : 1;

    internal ChatCompletionBody Of(Round round) =>
        new(
            _id,
            "chat.completion",
            created.ToUnixTimeSeconds(),
            model,
            [.. Shown(round).Select((a, i) => new ChoiceBody(i, new ReplyBody("assistant", a.Text), Finish(a)))],
            Usage(round),
            Extension(round)
        );

    internal ChatCompletionChunkBody Chunk(int choice, DeltaBody delta, string? finish = null, ExtensionBody? extension = null) =>
        Chunk([new ChunkChoiceBody(choice, delta, finish)], null, extension);

    /// <summary>The chunk that says how many tokens there were.</summary>
    internal ChatCompletionChunkBody UsageChunk(Round round) => Chunk([], Usage(round), null);

    internal ExtensionBody Extension(Round round) => new(request.Scope == RoundScope.None ? null : round.Id, round.Asked, round.Profile);

    /// <summary>The answers that the client gets: fewer than it asked for, if the model wrote the same twice.</summary>
    internal static IEnumerable<ShownAnswer> Shown(Round round) => round.Second is { } second ? [round.First, second] : [round.First];

    internal static string Finish(ShownAnswer answer) => answer.Complete ? "stop" : "length";

    private ChatCompletionChunkBody Chunk(IReadOnlyList<ChunkChoiceBody> choices, UsageBody? usage, ExtensionBody? extension) =>
        new(_id, "chat.completion.chunk", created.ToUnixTimeSeconds(), model, choices, usage, extension);

    private static UsageBody Usage(Round round)
    {
        int written = Shown(round).Sum(a => a.Tokens);
        return new UsageBody(round.PromptTokens, written, round.PromptTokens + written);
    }
}
