using System.Text.Json;
using OnlineRlhf.Daemon.Http.Access;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Http.OpenAi;

/// <summary>Turns a request of OpenAI's API into a request for a round.</summary>
internal static class ChatCompletionRequest
{
    /// <summary>A header with which a front end can say that the request is none of a person.</summary>
    internal const string SideJobHeader = "X-OnlineRlhf-Side-Job";

    /// <summary>How often OpenAI's libraries have sent the request already.</summary>
    internal const string RetryHeader = "x-stainless-retry-count";

    // Open WebUI begins its prompts for titles, tags and follow-up questions like this.
    private const string TaskMark = "### Task:";

    // LibreChat begins its prompts for titles like this.
    private static readonly string[] TitleMarks =
    [
        "Please generate a concise, 5-word-or-less title",
        "Provide a concise, 5-word-or-less title",
        "Detect user language and write in the same language",
    ];

    // It begins in the same way if it puts retrieved text before a question of the user.
    private const string QuestionMark = "Respond";
    private const int MostStops = 16,
        LongestStop = 1000;

    /// <exception cref="OpenAiException">The request cannot be served.</exception>
    internal static (RoundRequest Request, PairReply? Reply) Convert(RequestFields body, bool isSideJob, Caller caller)
    {
        if (body.Any("messages") is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() == 0)
            throw new OpenAiException("messages is missing or empty: send at least one message of the user.", "messages");
        if (RequestFields.Any(body.Any("response_format"), "type") is { } format && !IsText(format))
            throw new OpenAiException("response_format must be of the type text: this daemon holds the model to no grammar.", "response_format");
        if (body.Flag("logprobs") == true)
            throw new OpenAiException("logprobs is not supported: leave it out.", "logprobs");
        if (body.Any("modalities") is { ValueKind: JsonValueKind.Array } modalities && !modalities.EnumerateArray().All(IsText))
            throw new OpenAiException("modalities other than text are not supported: leave it out.", "modalities");
        long answers = body.Whole("n") ?? 1;
        if (answers is < 1 or > 2)
            throw new OpenAiException($"n must be 1 or 2, not {answers}.", "n");
        ChatMessage[] messages = [.. list.EnumerateArray().Select(Message)];
        PairReply? reply = PairMessage.LastReply(messages);
        messages = PairMessage.Replace(messages);
        isSideJob |= messages[^1] is { Role: "user" } last && IsTask(last.Content.AsSpan().TrimStart());
        bool isTurn = messages[^1].Role == "user" && !string.IsNullOrWhiteSpace(messages[^1].Content);
        var temperature = (float?)body.Number("temperature", 0, SamplingOptions.MaxTemperature);
        bool isPlain = isSideJob || !isTurn || temperature < SamplingOptions.LeastTemperature;
        // Many clients send -1 for "any".
        long? seed = body.Whole("seed") is { } set and not -1 ? set : null,
            tokens = body.Whole("max_completion_tokens") ?? body.Whole("max_tokens");
        var request = new RoundRequest(messages)
        {
            Profile = ModelName.Profile(body.Text("model"), caller),
            Ask =
                answers == 2 ? AskMode.Always
                : ModelName.IsPair(body.Text("model")) ? AskMode.WhenUseful
                : AskMode.Never,
            IsPlain = isPlain,
            IsPatient = isSideJob,
            // Who wants a repeatable answer does not want one that was taught.
            Scope = isPlain || seed is not null ? RoundScope.None : RoundScope.Conversation,
            IsFitted = true,
            MaxTokens = tokens is { } most and > 0 ? (int)Math.Min(most, int.MaxValue) : null,
            Temperature = temperature,
            TopP = body.Number("top_p", 0, 1) is { } p ? (float)Math.Max(p, 1e-3) : null,
            PresencePenalty = (float)(body.Number("presence_penalty", -2, 2) ?? 0),
            FrequencyPenalty = (float)(body.Number("frequency_penalty", -2, 2) ?? 0),
            Seed = unchecked((uint?)seed),
            Stop = Stops(body.Any("stop")),
        };
        return (request, reply);
    }

    private static bool IsTask(ReadOnlySpan<char> text)
    {
        foreach (string mark in TitleMarks)
        {
            if (text.StartsWith(mark, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return text.StartsWith(TaskMark, StringComparison.Ordinal)
            && !text[TaskMark.Length..].TrimStart().StartsWith(QuestionMark, StringComparison.OrdinalIgnoreCase);
    }

    private static ChatMessage Message(JsonElement message, int index)
    {
        string at = $"messages[{index}]";
        string role = Field(message, "role") switch
        {
            "system" or "developer" => "system",
            "user" => "user",
            "assistant" => "assistant",
            "tool" or "function" => ChatMessage.Tool,
            _ => throw new OpenAiException($"{at}.role must be one of: system, developer, user, assistant, tool.", $"{at}.role"),
        };
        return new ChatMessage(role, Text(RequestFields.Any(message, "content"), $"{at}.content"));
    }

    private static string Text(JsonElement? content, string at) =>
        content switch
        {
            null => "",
            { ValueKind: JsonValueKind.String } text => RequestFields.Text(text, at),
            { ValueKind: JsonValueKind.Array } parts => string.Join('\n', parts.EnumerateArray().Select((part, i) => Part(part, $"{at}[{i}]"))),
            _ => throw new OpenAiException($"{at} must be a text or a list of parts.", at),
        };

    private static string Part(JsonElement part, string at)
    {
        return Field(part, "type") switch
            {
                "text" or "input_text" or "output_text" => Field(part, "text"),
                "refusal" => Field(part, "refusal"),
                "thinking" or "reasoning" => "",
                "image_url" or "input_image" => throw new OpenAiException(
                    $"{at} is a picture: this model reads text only. Describe it in words.",
                    at
                ),
                _ => throw new OpenAiException($"{at} is no text: this model reads text only.", at),
            } ?? throw new OpenAiException($"{at} has no text.", at);
    }

    private static string? Field(JsonElement parent, string name) =>
        RequestFields.Any(parent, name) is { ValueKind: JsonValueKind.String } value ? RequestFields.Text(value, name) : null;

    private static bool IsText(JsonElement type) => type.ValueKind == JsonValueKind.String && type.ValueEquals("text");

    private static string[] Stops(JsonElement? stop)
    {
        JsonElement[] texts = stop switch
        {
            null => [],
            { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray()],
            { } one => [one],
        };
        if (texts.Length > MostStops || texts.Any(t => t.ValueKind != JsonValueKind.String))
            throw new OpenAiException($"stop must be a text or a list of at most {MostStops} texts.", "stop");
        string[] stops = [.. texts.Select(t => RequestFields.Text(t, "stop")).Where(t => t.Length > 0)];
        return Array.TrueForAll(stops, s => s.Length <= LongestStop)
            ? stops
            : throw new OpenAiException($"A stop text has at most {LongestStop} characters.", "stop");
    }
}
