using System.Buffers;
using System.Text.Json;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Rounds.DataSets;

/// <summary>One line of a data set of preferences: a conversation and two answers to it, in any of the usual shapes.</summary>
/// <remarks>
/// <c>prompt</c> is a text or a list of messages; <c>chosen</c> and <c>rejected</c> are texts, or lists of messages that end with the assistant's. Without a prompt both
/// are whole conversations, as lists or as transcripts, that differ in their last turn. Other fields are left alone.
/// </remarks>
/// <param name="Messages">The conversation; its last turn is the user's.</param>
/// <param name="Chosen">The better answer.</param>
/// <param name="Rejected">The other one.</param>
public sealed record PreferencePair(IReadOnlyList<ChatMessage> Messages, string Chosen, string Rejected)
{
    /// <summary>Reads a line.</summary>
    /// <exception cref="FormatException">The line is none; the message says why, and nothing of what it holds.</exception>
    public static PreferencePair Parse(ReadOnlySequence<byte> line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return Of(document.RootElement);
        }
        catch (JsonException)
        {
            throw new FormatException("it is not valid JSON.");
        }
        catch (InvalidOperationException)
        {
            throw new FormatException("it holds text that is not valid Unicode.");
        }
    }

    private static PreferencePair Of(JsonElement line)
    {
        if (line.ValueKind != JsonValueKind.Object)
            throw new FormatException("it is no JSON object.");
        (List<ChatMessage> before, string chosen) = Answer(line, "chosen");
        (List<ChatMessage> beforeOther, string rejected) = Answer(line, "rejected");
        if (!before.SequenceEqual(beforeOther))
            throw new FormatException("chosen and rejected are not answers to the same conversation.");
        List<ChatMessage> prompt = Prompt(line, out bool isWhole);
        // A prompt that is a text only repeats what the answers' lists begin with.
        List<ChatMessage> messages = before.Count == 0 ? prompt : isWhole ? [.. prompt, .. before] : before;
        return messages.Count > 0 ? new PreferencePair(messages, chosen, rejected) : throw new FormatException("it has no prompt.");
    }

    private static List<ChatMessage> Prompt(JsonElement line, out bool isWhole)
    {
        isWhole = false;
        if (!line.TryGetProperty("prompt", out JsonElement prompt) || prompt.ValueKind == JsonValueKind.Null)
            return [];
        if (prompt.ValueKind == JsonValueKind.Array)
        {
            isWhole = true;
            return Turns(prompt, "prompt");
        }
        string text = Text(prompt, "prompt");
        if (!Transcript.Is(text))
            return [new ChatMessage("user", text.Trim())];
        List<ChatMessage> turns = Transcript.Parse(text);
        // Where the answer goes.
        if (turns[^1] is { Role: "assistant", Content: "" })
            turns.RemoveAt(turns.Count - 1);
        return turns;
    }

    private static (List<ChatMessage> Before, string Answer) Answer(JsonElement line, string name)
    {
        if (!line.TryGetProperty(name, out JsonElement value))
            throw new FormatException($"it has no {name}.");
        List<ChatMessage> turns;
        if (value.ValueKind == JsonValueKind.Array)
            turns = Turns(value, name);
        else if (Text(value, name) is var text && Transcript.Is(text))
            turns = Transcript.Parse(text);
        else
            return ([], text.Trim());
        return turns is [.. var before, { Role: "assistant" } last] ? (before, last.Content.Trim()) : throw new FormatException($"{name} does not end with an answer of the assistant.");
    }

    private static string Text(JsonElement value, string name) => value.ValueKind == JsonValueKind.String
        ? value.GetString()!
        : throw new FormatException($"{name} is neither a text nor a list of messages.");

    private static List<ChatMessage> Turns(JsonElement list, string name) =>
        [.. list.EnumerateArray().Select(m => new ChatMessage(Field(m, "role", name), Field(m, "content", name)))];

    private static string Field(JsonElement message, string field, string name) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty(field, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new FormatException($"{name} holds a message without a {field} that is a text.");
}
