using System.Text;
using System.Text.Json;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.DataSets;

/// <summary>Reads the turns of a conversation from a list of messages, from one message, or from a text that contains messages.</summary>
internal static class Conversation
{
    /// <summary>The turns of a list of messages, or of one message.</summary>
    /// <exception cref="FormatException">The value is not a list of messages or a message.</exception>
    internal static List<ChatMessage> Turns(JsonElement value, string name)
    {
        List<ChatMessage> messages =
            value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(m => Message(m, name))] : [Message(value, name)];
        // Leave a last answer as it is, because the caller checks it itself.
        return [.. messages.SelectMany((m, at) => at == messages.Count - 1 && m.Role == "assistant" ? [m] : WithoutLabels(m, name))];
    }

    /// <summary>Whether a JSON object is a message.</summary>
    internal static bool IsMessage(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && (value.TryGetProperty("role", out _) || value.TryGetProperty("from", out _));

    /// <summary>The turns in a text: a transcript, the output of a chat template, or a JSON list. Null if it is one plain text.</summary>
    /// <exception cref="FormatException">The text contains turns in a form that cannot be read.</exception>
    internal static List<ChatMessage>? Turns(string text, string name, bool isAnswer)
    {
        string bare = TemplateText.Bare(text);
        if (bare is ['[', .., ']'] && FromList(bare, name) is { } listed)
            return listed;
        return TemplateText.Parse(bare) ?? (isAnswer ? Transcript.ParseAnswer(bare) : Transcript.ParsePrompt(bare));
    }

    /// <summary>Whether two turns have the same role and text.</summary>
    internal static bool Same(ChatMessage one, ChatMessage other) =>
        one.Role == other.Role && one.Content.AsSpan().Trim().SequenceEqual(other.Content.AsSpan().Trim());

    /// <summary>Whether one conversation begins with another.</summary>
    internal static bool StartsWith(List<ChatMessage> whole, List<ChatMessage> part) =>
        whole.Count >= part.Count && whole.Take(part.Count).Zip(part).All(p => Same(p.First, p.Second));

    /// <summary>Whether one conversation ends with another.</summary>
    internal static bool EndsWith(List<ChatMessage> whole, List<ChatMessage> part) =>
        whole.Count >= part.Count && StartsWith([.. whole.TakeLast(part.Count)], part);

    /// <summary>Reads a list of messages that a table stores as a text.</summary>
    private static List<ChatMessage>? FromList(string text, string name)
    {
        try
        {
            using var list = JsonDocument.Parse(text);
            return list.RootElement.GetArrayLength() > 0 && list.RootElement.EnumerateArray().All(IsMessage) ? Turns(list.RootElement, name) : null;
        }
        catch (JsonException)
        {
            // Python's way of printing a list of messages.
            return text.Contains("'role':", StringComparison.Ordinal) || text.Contains("'from':", StringComparison.Ordinal)
                ? throw new FormatException($"{name} is a list of messages that was saved as a text which is no JSON.")
                : null;
        }
    }

    /// <summary>The turns of a message that still carries the labels of the text that it was cut from.</summary>
    private static List<ChatMessage> WithoutLabels(ChatMessage message, string name)
    {
        string text = message.Content;
        if (
            (
                message.Role switch
                {
                    "user" => Transcript.ParsePrompt(text),
                    "assistant" => Transcript.ParseAnswer(text),
                    _ => null,
                }
            )
            is not { } turns
        )
            return [message];
        if (turns is [.., _, { Role: "assistant", Content: "" }])
            turns.RemoveAt(turns.Count - 1);
        return turns[^1].Role == message.Role && (message.Role == "user" || turns.Count == 1)
            ? turns
            : throw new FormatException($"{name} holds a message that goes on with turns of somebody else.");
    }

    private static ChatMessage Message(JsonElement message, string name)
    {
        if (message.ValueKind != JsonValueKind.Object || Text(message, "role", "from") is not { } who)
            throw new FormatException($"{name} holds a message without a role that is a text.");
        new Fields(message).RequireText($"a message in {name}");
        string role =
            SpeakerRole.Of(who) ?? throw new FormatException($"{name} holds a message of somebody who is neither system, user nor assistant.");
        return new ChatMessage(role, Content(message) ?? throw new FormatException($"{name} holds a message without a content that is text."));
    }

    /// <summary>The text of a message, or the texts of its parts; null if there is none, or a part is no text.</summary>
    internal static string? Content(JsonElement message)
    {
        if (!message.TryGetProperty("content", out JsonElement parts) || parts.ValueKind != JsonValueKind.Array)
            return Text(message, "content", "value");
        var content = new StringBuilder();
        foreach (JsonElement part in parts.EnumerateArray())
        {
            if (part.ValueKind != JsonValueKind.Object || Text(part, "text", "text") is not { } text)
                return null;
            _ = content.Append(content.Length > 0 ? "\n" : "").Append(text);
        }
        return content.ToString();
    }

    private static string? Text(JsonElement message, string field, string other) =>
        (message.TryGetProperty(field, out JsonElement value) || message.TryGetProperty(other, out value)) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
