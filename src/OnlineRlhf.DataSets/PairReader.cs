using System.Text.Json;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.DataSets;

/// <summary>Finds the conversation and its two answers in the fields of a line.</summary>
/// <remarks>A line is skipped if it contains something that may change its meaning and that the reader does not understand.</remarks>
internal static class PairReader
{
    private static readonly string[] Prompts = ["prompt", "messages", "conversations", "conversation", "question", "query", "instruction", "input"];
    private static readonly string[] Systems = ["system", "system_prompt", "system_message"];
    private static readonly string[] Asked = ["question", "query", "instruction", "input", "context", "passage", "document"];

    private readonly record struct Answer(List<ChatMessage> Before, string Text);

    /// <exception cref="FormatException">The line is not a pair.</exception>
    internal static PreferencePair Read(Fields line)
    {
        line.RequireText("it");
        (Answer chosen, Answer rejected, bool isTie) = Answers(line);
        if (chosen.Before.Count != rejected.Before.Count || !Conversation.StartsWith(chosen.Before, rejected.Before))
            throw new FormatException("chosen and rejected are not answers to the same conversation.");
        (string? name, List<ChatMessage> prompt) = Prompt(line, chosen.Text, rejected.Text);
        List<ChatMessage> messages = Join(prompt, chosen.Before, "the prompt and the conversations in chosen and rejected differ.");
        messages = WithSystem(line, WithHistory(line, WithLists(line, name, messages)));
        RequireNothingBeside(line, name, messages);
        return Checked(messages, chosen.Text, rejected.Text, isTie);
    }

    /// <summary>The pair, if nothing in its texts is a part of something else.</summary>
    /// <exception cref="FormatException">The conversation asks nothing, or a text holds marks of a chat template.</exception>
    internal static PreferencePair Checked(List<ChatMessage> messages, string chosen, string rejected, bool isTie)
    {
        // An empty system message says nothing, and some templates refuse it.
        _ = messages.RemoveAll(m => m.Role == "system" && string.IsNullOrWhiteSpace(m.Content));
        if (!messages.Exists(m => m.Role == "user"))
            throw new FormatException("it has no prompt.");
        // Thoughts before an earlier answer are not part of the conversation.
        messages = messages.ConvertAll(m => m.Role == "assistant" ? m with { Content = Thoughts.Drop(m.Content) } : m);
        foreach (ChatMessage message in messages)
            RequireNoMarks(message.Content, "the conversation");
        RequireNoMarks(chosen, "chosen");
        RequireNoMarks(rejected, "rejected");
        return new PreferencePair(messages, chosen, rejected, isTie);
    }

    private static (Answer Chosen, Answer Rejected, bool IsTie) Answers(Fields line)
    {
        if (line["conversation_a"] is { } a && line["conversation_b"] is { } b)
            return Judged(line, AnswerOf(a, "conversation_a"), AnswerOf(b, "conversation_b"));
        if (line.Has("preferred_output") || line.Has("non_preferred_output"))
            return (Named(line, "preferred_output"), Named(line, "non_preferred_output"), IsTie(line));
        if (!line.Has("chosen") && !line.Has("rejected") && line["output"] is { ValueKind: JsonValueKind.Array } both)
        {
            // In this format the better answer comes first.
            return both.GetArrayLength() == 2 && both[0].ValueKind == JsonValueKind.String && both[1].ValueKind == JsonValueKind.String
                ? (AnswerOf(both[0], "output"), AnswerOf(both[1], "output"), false)
                : throw new FormatException("output is no list of two texts, the better one first.");
        }
        if (!line.Has("chosen") && line.Has("completion") && line.Has("label"))
            throw new FormatException("it has one answer with a label: a comparison needs two answers, chosen and rejected.");
        return (Named(line, "chosen"), Named(line, "rejected"), IsTie(line));
    }

    /// <summary>Whether a line says that neither of its answers is better.</summary>
    private static bool IsTie(Fields line) =>
        line["tie"] switch
        {
            null => IsTie(line.Text("winner")),
            { ValueKind: JsonValueKind.True } => true,
            { ValueKind: JsonValueKind.False } => false,
            _ => throw new FormatException("tie is neither true nor false."),
        };

    private static bool IsTie(string? verdict) => verdict?.Trim().ToUpperInvariant() is "TIE" or "TIE (BOTHBAD)" or "BOTH_BAD" or "BOTHBAD";

    private static (Answer Chosen, Answer Rejected, bool IsTie) Judged(Fields line, Answer a, Answer b) =>
        line.Text("winner")?.Trim().ToUpperInvariant() switch
        {
            "MODEL_A" or "A" => (a, b, false),
            "MODEL_B" or "B" => (b, a, false),
            var verdict when IsTie(verdict) => (a, b, true),
            _ => throw new FormatException("winner is none of model_a, model_b and tie."),
        };

    private static Answer Named(Fields line, string name) =>
        line[name] is { } value ? AnswerOf(value, name) : throw new FormatException(line.Has(name) ? $"{name} is empty." : $"it has no {name}.");

    private static Answer AnswerOf(JsonElement value, string name)
    {
        List<ChatMessage>? turns = value.ValueKind switch
        {
            JsonValueKind.String => Conversation.Turns(Thoughts.Drop(value.GetString()!), name, isAnswer: true),
            JsonValueKind.Array => Conversation.Turns(value, name),
            JsonValueKind.Object when Conversation.IsMessage(value) => Conversation.Turns(value, name),
            _ => throw new FormatException($"{name} is neither a text nor a list of messages."),
        };
        if (turns is null)
            return new Answer([], TemplateText.Bare(Thoughts.Drop(value.GetString()!)));
        if (turns is not [.. var before, { Role: "assistant" } last])
            throw new FormatException($"{name} does not end with an answer of the assistant.");
        // Even in a list, an answer may carry a label or marks of the text that it was cut from.
        string text = TemplateText.Bare(Thoughts.Drop(last.Content));
        List<ChatMessage>? within = Transcript.ParseAnswer(text);
        bool goesOn =
            within is not (null or [{ Role: "assistant" }]) || (value.ValueKind == JsonValueKind.String && before is [{ Role: "assistant" }, ..]);
        return goesOn
            ? throw new FormatException($"{name} goes on with other turns behind the answer.")
            : new Answer(before, within?[0].Content ?? text);
    }

    /// <summary>The prompt, and the name of the field that holds it.</summary>
    private static (string? Name, List<ChatMessage> Turns) Prompt(Fields line, string chosen, string rejected)
    {
        foreach (string name in Prompts)
        {
            if (line[name] is not { } value)
                continue;
            if (value.ValueKind == JsonValueKind.Object && name == "input" && new Fields(value) is var input)
            {
                input.RequireText("input");
                value = input["messages"] ?? value;
            }
            List<ChatMessage> turns = value.ValueKind switch
            {
                JsonValueKind.String => OfText(line, name, value.GetString()!),
                JsonValueKind.Array => Conversation.Turns(value, name),
                JsonValueKind.Object when Conversation.IsMessage(value) => Conversation.Turns(value, name),
                _ => throw new FormatException($"{name} is neither a text nor a list of messages."),
            };
            return (name, WithoutAnswer(turns, chosen, rejected));
        }
        return (null, []);
    }

    /// <summary>Removes a last turn that is empty, because the answer belongs there, or that repeats one of the answers.</summary>
    private static List<ChatMessage> WithoutAnswer(List<ChatMessage> turns, string chosen, string rejected) =>
        turns is [.. var before, { Role: "assistant", Content: var last }]
        && Thoughts.Drop(last).Trim() is var said
        && (said.Length == 0 || said == chosen || said == rejected)
            ? before
            : turns;

    /// <summary>Adds to the conversation what other lists of messages in the line contain.</summary>
    private static List<ChatMessage> WithLists(Fields line, string? prompt, List<ChatMessage> messages)
    {
        foreach (string name in Prompts.Where(n => n != prompt))
        {
            if (line[name] is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().All(Conversation.IsMessage))
                messages = Join(messages, Asking(list, name), $"{prompt ?? "the conversation"} and {name} differ.");
        }
        return messages;

        // The list may end with an answer: one of the two, or a third one.
        static List<ChatMessage> Asking(JsonElement list, string name) =>
            Conversation.Turns(list, name) is [.. var before, { Role: "assistant" }] ? before : Conversation.Turns(list, name);
    }

    /// <summary>Refuses texts that belong to the question, but are not in the prompt.</summary>
    private static void RequireNothingBeside(Fields line, string? prompt, List<ChatMessage> messages)
    {
        foreach (string name in Asked.Where(n => n != prompt))
        {
            if (line[name] is not { } value || (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(Conversation.IsMessage)))
                continue;
            if (
                value.ValueKind != JsonValueKind.String
                || !messages.Exists(m => Plain(m.Content).Contains(Plain(value.GetString()!), StringComparison.Ordinal))
            )
                throw new FormatException(
                    $"it has {name} beside its {prompt ?? "conversation"}, and nothing says how the two go together: put both into a prompt."
                );
        }

        static string Plain(string text) => text.ReplaceLineEndings("\n").Trim();
    }

    private static List<ChatMessage> OfText(Fields line, string name, string text)
    {
        if (Conversation.Turns(text, name, isAnswer: false) is { } turns)
            return turns;
        text = TemplateText.Bare(text);
        if (name == "instruction" && line.Text("input") is { } input)
            text = $"{text}\n{input.Trim()}";
        return [new ChatMessage("user", text)];
    }

    /// <summary>Adds the earlier turns in the field history before the conversation.</summary>
    private static List<ChatMessage> WithHistory(Fields line, List<ChatMessage> messages)
    {
        if (line["history"] is not { } history)
            return messages;
        if (history.ValueKind != JsonValueKind.Array)
            throw new FormatException("history is no list of pairs of texts.");
        List<ChatMessage> earlier = history.EnumerateArray().All(Conversation.IsMessage)
            ? Conversation.Turns(history, "history")
            : [.. Pairs(history)];
        List<ChatMessage> asked = messages.FindAll(m => m.Role != "system");
        if (asked.Count == 0 || Conversation.StartsWith(asked, earlier))
            return messages;
        return asked.Count == 1
            ? [.. messages.Where(m => m.Role == "system"), .. earlier, .. asked]
            : throw new FormatException("it has a history beside a conversation of several turns that begins otherwise.");
    }

    /// <summary>Reads earlier turns from pairs of a question and its answer.</summary>
    private static IEnumerable<ChatMessage> Pairs(JsonElement history)
    {
        foreach (JsonElement pair in history.EnumerateArray())
        {
            if (
                pair.ValueKind != JsonValueKind.Array
                || pair.GetArrayLength() != 2
                || pair[0].ValueKind != JsonValueKind.String
                || pair[1].ValueKind != JsonValueKind.String
            )
                throw new FormatException("history is no list of pairs of texts.");
            yield return new ChatMessage("user", pair[0].GetString()!);
            yield return new ChatMessage("assistant", pair[1].GetString()!);
        }
    }

    /// <summary>Joins the prompt with the turns that the answers' own conversations begin with. Usually one repeats the other.</summary>
    private static List<ChatMessage> Join(List<ChatMessage> prompt, List<ChatMessage> before, string otherwise)
    {
        if (before.Count == 0 || prompt.Count == 0)
            return before.Count == 0 ? prompt : before;
        List<ChatMessage> system = OneSystem(prompt.FindAll(m => m.Role == "system"), before.FindAll(m => m.Role == "system"));
        List<ChatMessage> asked = prompt.FindAll(m => m.Role != "system"),
            said = before.FindAll(m => m.Role != "system");
        if (Conversation.StartsWith(said, asked) || (asked.Count == 1 && said.Exists(m => Conversation.Same(m, asked[0]))))
            return [.. system, .. said];
        if (Conversation.EndsWith(asked, said))
            return [.. system, .. asked];
        return asked[^1].Role == "assistant" && said[0].Role == "user" ? [.. system, .. asked, .. said] : throw new FormatException(otherwise);
    }

    private static List<ChatMessage> WithSystem(Fields line, List<ChatMessage> messages)
    {
        foreach (string name in Systems)
        {
            if (line.Text(name) is not { } text)
                continue;
            List<ChatMessage> system = OneSystem([new ChatMessage("system", text.Trim())], messages.FindAll(m => m.Role == "system"));
            messages = [.. system, .. messages.Where(m => m.Role != "system")];
        }
        return messages;
    }

    private static List<ChatMessage> OneSystem(List<ChatMessage> one, List<ChatMessage> other) =>
        one.Count == 0 ? other
        : other.Count == 0 || (one.Count == other.Count && Conversation.StartsWith(one, other)) ? one
        : throw new FormatException("it has two different instructions of the system.");

    private static void RequireNoMarks(string text, string where)
    {
        if (TemplateText.HasMarks(text))
            throw new FormatException($"{where} holds marks of a chat template that cannot be told from its words.");
    }
}
