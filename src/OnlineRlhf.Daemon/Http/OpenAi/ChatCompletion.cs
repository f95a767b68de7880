using System.Text.Json;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Conversations;

namespace OnlineRlhf.Daemon.Http.OpenAi;

/// <summary>The parts of one response.</summary>
/// <param name="request">The request.</param>
/// <param name="model">The model's name, as the client gave it.</param>
/// <param name="created">The time of the request.</param>
internal sealed class ChatCompletion(RoundRequest request, string model, DateTimeOffset created)
{
    private readonly string _id = $"chatcmpl-{Guid.NewGuid():N}";

    /// <summary>How many answers the client asked for.</summary>
    internal int Answers => request.Ask == AskMode.Always ? 2 : 1;

    /// <summary>The texts that the client gets: one for each answer, or both answers in one message.</summary>
    internal IReadOnlyList<ShownAnswer> Shown(ConversationAnswer answers) =>
        request.Ask == AskMode.WhenUseful && answers.Shown is [var first, var second]
            ? [new ShownAnswer(PairMessage.Of(first.Text, second.Text), first.Tokens + second.Tokens, first.Complete && second.Complete)]
            : answers.Shown;

    /// <summary>The beginnings of these texts, as far as they are certain.</summary>
    internal IReadOnlyList<string?> Begun(string first, string? second) =>
        request.Ask != AskMode.WhenUseful ? [first, second]
        : second is null ? [first]
        : [PairMessage.Of(first)];

    /// <summary>The whole response.</summary>
    internal byte[] Whole(ConversationAnswer answers) =>
        OpenAiJson.Object(json =>
        {
            Begin(json, "chat.completion");
            json.WriteStartArray("choices");
            foreach ((int index, ShownAnswer answer) in Shown(answers).Index())
            {
                json.WriteStartObject();
                json.WriteNumber("index", index);
                json.WriteStartObject("message");
                json.WriteString("role", "assistant");
                json.WriteString("content", answer.Text);
                json.WriteNull("refusal");
                json.WriteEndObject();
                json.WriteNull("logprobs");
                json.WriteString("finish_reason", Finish(answer));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            Usage(json, answers);
            Extension(json, answers.Round);
        });

    /// <summary>The chunk that begins an answer. Client libraries expect the role in a chunk of its own, before any content.</summary>
    internal byte[] Role(int choice) =>
        Chunk(
            choice,
            json =>
            {
                json.WriteString("role", "assistant");
                json.WriteString("content", "");
            }
        );

    /// <summary>A chunk of an answer.</summary>
    internal byte[] Content(int choice, string text) => Chunk(choice, json => json.WriteString("content", text));

    /// <summary>The chunk that ends an answer. That of the last answer tells of the round.</summary>
    internal byte[] End(int choice, ConversationAnswer answers) =>
        Chunk(choice, _ => { }, Finish(Shown(answers)[choice]), choice == Shown(answers).Count - 1 ? answers : null);

    /// <summary>The chunk that says how many tokens there were.</summary>
    internal byte[] Usage(ConversationAnswer answers) =>
        OpenAiJson.Object(json =>
        {
            Begin(json, "chat.completion.chunk");
            json.WriteStartArray("choices");
            json.WriteEndArray();
            Usage(json, answers);
        });

    private byte[] Chunk(int choice, Action<Utf8JsonWriter> delta, string? finish = null, ConversationAnswer? ended = null) =>
        OpenAiJson.Object(json =>
        {
            Begin(json, "chat.completion.chunk");
            json.WriteStartArray("choices");
            json.WriteStartObject();
            json.WriteNumber("index", choice);
            json.WriteStartObject("delta");
            delta(json);
            json.WriteEndObject();
            json.WriteNull("logprobs");
            json.WriteString("finish_reason", finish);
            json.WriteEndObject();
            json.WriteEndArray();
            if (ended is not null)
                Extension(json, ended.Round);
        });

    private void Begin(Utf8JsonWriter json, string type)
    {
        json.WriteString("id", _id);
        json.WriteString("object", type);
        json.WriteNumber("created", created.ToUnixTimeSeconds());
        json.WriteString("model", model);
    }

    private static string Finish(ShownAnswer answer) => answer.Complete ? "stop" : "length";

    private static void Usage(Utf8JsonWriter json, ConversationAnswer answers)
    {
        int written = answers.Shown.Sum(a => a.Tokens),
            read = answers.Round?.PromptTokens ?? 0;
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", read);
        json.WriteNumber("completion_tokens", written);
        json.WriteNumber("total_tokens", read + written);
        json.WriteEndObject();
    }

    /// <summary>What programs need to give feedback: the round, null if there is none; whether both answers were shown; the profile.</summary>
    private void Extension(Utf8JsonWriter json, Round? round)
    {
        json.WriteStartObject("onlinerlhf");
        json.WriteString("round", request.Scope == RoundScope.None ? null : round?.Id.ToString());
        json.WriteBoolean("asked", round is { Asked: true } && request.Scope != RoundScope.None);
        json.WriteString("profile", request.Profile);
        json.WriteEndObject();
    }
}
