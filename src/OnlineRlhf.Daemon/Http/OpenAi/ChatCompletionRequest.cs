using System.Text.Json;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Http.OpenAi;

/// <summary>Turns a request of OpenAI's API into a request for a round.</summary>
internal static class ChatCompletionRequest
{
    /// <summary>A header with which a front end can say that the request is none of a person.</summary>
    internal const string SideJobHeader = "X-OnlineRlhf-Side-Job";

    // Open WebUI begins its prompts for titles, tags and follow-up questions like this.
    private const string TaskMark = "### Task:";
    private const int MostStops = 16;

    /// <exception cref="OpenAiException">The request cannot be served.</exception>
    internal static RoundRequest Convert(ChatCompletionRequestBody body, bool isSideJob)
    {
        if (body.Messages is not { Count: > 0 })
            throw new OpenAiException("messages is missing or empty: send at least one message of the user.", "messages");
        if (body.ResponseFormat?.Type is { } format and not "text")
            throw new OpenAiException($"response_format {Quoted(format)} is not supported: this daemon writes text only.", "response_format");
        if (body.Logprobs == true)
            throw new OpenAiException("logprobs is not supported: leave it out.", "logprobs");
        if (body.Modalities?.Any(m => m != "text") == true)
            throw new OpenAiException("modalities other than text are not supported: leave it out.", "modalities");
        int answers = InRange(body.N ?? 1, "n", 1, 2);
        ChatMessage[] messages = [.. body.Messages.Select(Message)];
        isSideJob |= messages[^1] is { Role: "user" } last && last.Content.StartsWith(TaskMark, StringComparison.Ordinal);
        bool isTurn = messages[^1].Role == "user" && !string.IsNullOrWhiteSpace(messages[^1].Content);
        double? temperature = body.Temperature is { } t ? InRange(t, "temperature", 0, SamplingOptions.MaxTemperature) : null;
        bool isPlain = isSideJob || !isTurn || temperature == 0;
        return new RoundRequest(messages)
        {
            Profile = ModelName.Profile(body.Model),
            Ask = answers == 2 ? AskMode.Always : AskMode.Never,
            IsPlain = isPlain,
            IsPatient = isSideJob,
            // Who wants a repeatable answer does not want one that was taught.
            Scope = isPlain || body.Seed is not null ? RoundScope.None : RoundScope.Conversation,
            IsFitted = true,
            MaxTokens = (body.MaxCompletionTokens ?? body.MaxTokens) is { } tokens
                ? InRange(tokens, body.MaxCompletionTokens is null ? "max_tokens" : "max_completion_tokens", 1, int.MaxValue)
                : null,
            Temperature = (float?)temperature,
            TopP = body.TopP is { } p ? (float)Math.Max(InRange(p, "top_p", 0, 1), 1e-3) : null,
            PresencePenalty = (float)InRange(body.PresencePenalty ?? 0, "presence_penalty", -2, 2),
            FrequencyPenalty = (float)InRange(body.FrequencyPenalty ?? 0, "frequency_penalty", -2, 2),
            Seed = unchecked((uint?)body.Seed),
            Stop = Stops(body.Stop),
        };
    }

    private static ChatMessage Message(ChatMessageBody? message, int index)
    {
        string at = $"messages[{index}]";
        string role = message?.Role switch
        {
            "system" or "developer" => "system",
            "user" => "user",
            "assistant" => "assistant",
            // No template of the engine has a turn for what a tool returned.
            "tool" or "function" => "system",
            _ => throw new OpenAiException($"{at}.role must be one of: system, developer, user, assistant, tool.", $"{at}.role"),
        };
        return new ChatMessage(role, Text(message.Content, $"{at}.content"));
    }

    private static string Text(JsonElement content, string at) =>
        content.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.Null => "",
            JsonValueKind.String => content.GetString()!,
            JsonValueKind.Array => string.Join('\n', content.EnumerateArray().Select((part, i) => Part(part, $"{at}[{i}]"))),
            _ => throw new OpenAiException($"{at} must be a text or a list of parts.", at),
        };

    private static string Part(JsonElement part, string at)
    {
        string? type = part.ValueKind == JsonValueKind.Object && Field(part, "type") is { } name ? name : null;
        return type switch
            {
                "text" or "input_text" or "output_text" => Field(part, "text"),
                "refusal" => Field(part, "refusal"),
                "image_url" or "input_image" => throw new OpenAiException(
                    $"{at} is a picture: this model reads text only. Describe it in words.",
                    at
                ),
                _ => throw new OpenAiException($"{at} is no text: this model reads text only.", at),
            } ?? throw new OpenAiException($"{at} has no text.", at);
    }

    private static string? Field(JsonElement part, string name) =>
        part.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string[] Stops(JsonElement stop)
    {
        JsonElement[] texts = stop.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.Null => [],
            JsonValueKind.Array => [.. stop.EnumerateArray()],
            _ => [stop],
        };
        if (texts.Length > MostStops || texts.Any(t => t.ValueKind != JsonValueKind.String))
            throw new OpenAiException($"stop must be a text or a list of at most {MostStops} texts.", "stop");
        return [.. texts.Select(t => t.GetString()!).Where(t => t.Length > 0)];
    }

    private static T InRange<T>(T value, string field, T least, T most)
        where T : IComparable<T> =>
        value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0
            ? value
            : throw new OpenAiException(
                most is int.MaxValue
                    ? FormattableString.Invariant($"{field} must be at least {least}, not {value}.")
                    : FormattableString.Invariant($"{field} must be {least} to {most}, not {value}."),
                field
            );

    private static string Quoted(string text) => text.Length <= 40 ? $"\"{text}\"" : "of this type";
}
