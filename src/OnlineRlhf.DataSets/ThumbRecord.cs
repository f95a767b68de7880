using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.DataSets;

/// <summary>One record of Open WebUI's exported feedback: a thumb for an answer, and a copy of its chat from when the thumb was given.</summary>
/// <remarks>
/// The chat is a tree. The answers to one message are its children, in the order in which they were made: a regenerated answer, or that of another
/// model, is a sibling.
/// </remarks>
internal sealed partial class ThumbRecord
{
    private readonly Dictionary<string, JsonElement> _messages = new(StringComparer.Ordinal);
    private readonly string? _system;
    private readonly string _chat,
        _message;

    /// <exception cref="FormatException">The record has no thumb, or not the chat that it is about.</exception>
    internal ThumbRecord(JsonElement record)
    {
        Rating = Thumb(Get(record, "data")) ?? throw new FormatException("it has no thumb: its rating is neither 1 nor -1.");
        JsonElement chat = Get(record, "snapshot", "chat");
        if (Get(chat, "chat", "history", "messages") is not { ValueKind: JsonValueKind.Object } messages)
            throw new FormatException("it has a thumb, but no copy of the chat with its answers.");
        // Of two messages with one id the later one counts, as it does for every program that reads JSON into a table.
        foreach (JsonProperty message in messages.EnumerateObject())
            _messages[message.Name] = message.Value;
        _chat = Text(Get(record, "meta", "chat_id")) ?? Text(Get(chat, "id")) ?? "";
        _message = Text(Get(record, "meta", "message_id")) ?? "";
        if (!IsAnswer(_message, out _))
            throw new FormatException("the answer that its thumb is about is not in its chat.");
        _system = Text(Get(chat, "chat", "params", "system"));
        User = Text(Get(record, "user_id"));
    }

    /// <summary>1 for a thumb up, -1 for a thumb down.</summary>
    internal int Rating { get; }

    /// <summary>Who gave the thumb; null if the record does not tell.</summary>
    internal string? User { get; }

    /// <summary>Identifies the answer among all chats.</summary>
    internal (string Chat, string Message) Answer => (_chat, _message);

    /// <summary>Whether a JSON object is such a record.</summary>
    internal static bool Is(JsonElement record) => Text(Get(record, "type")) == "rating" && Get(record, "data").ValueKind == JsonValueKind.Object;

    /// <summary>The rated answer and the sibling that it is compared with. <paramref name="thumbs"/> knows the file's other records.</summary>
    /// <exception cref="FormatException">The record tells of no preference, or another record tells of the same one.</exception>
    internal PreferencePair Pair(Thumbs thumbs, long number)
    {
        if (thumbs.Find(_chat, _message) is { } known && known.Number != number)
            throw new FormatException("an earlier record is about the same answer.");
        (string? own, string? why) = Said(_messages[_message]);
        if (own is null)
            throw new FormatException(why);
        List<ChatMessage> conversation = Conversation();
        List<Sibling> answers = Answers(thumbs);
        string other = answers[Other(answers, answers.FindIndex(a => a.Id == _message))].Text;
        (string chosen, string rejected) = Rating > 0 ? (own, other) : (other, own);
        return PairReader.Checked(conversation, chosen, rejected, isTie: false);
    }

    /// <summary>
    /// Chooses the sibling. One with the opposite thumb goes before one without a thumb, an answer that was made before the rated one goes before one
    /// that was made after it, and a near one before a far one.
    /// </summary>
    private static int Other(List<Sibling> answers, int own)
    {
        if (Before(answers, own, -answers[own].Rating) is >= 0 and var opposite)
            return opposite;
        if (After(answers, own, -answers[own].Rating) is >= 0 and var later)
        {
            // The copy of the chat in the later answer's record holds both answers, so that record tells of the two.
            return answers[later].HasRecord && Before(answers, later, -answers[later].Rating) == own
                ? throw new FormatException("the record of the other answer tells the same.")
                : later;
        }
        if (Before(answers, own, 0) is >= 0 and var before)
            return before;
        if (After(answers, own, 0) is >= 0 and var after)
            return after;
        throw new FormatException(answers.Exists(a => a.Text != answers[own].Text) ? "its answers are rated alike." : "it has one answer only.");
    }

    private static int Before(List<Sibling> answers, int at, int rating) =>
        at == 0 ? -1 : answers.FindLastIndex(at - 1, a => a.Rating == rating && a.Text != answers[at].Text);

    private static int After(List<Sibling> answers, int at, int rating) =>
        answers.FindIndex(at + 1, a => a.Rating == rating && a.Text != answers[at].Text);

    /// <summary>The answers to the message that the rated one answers, in the order in which they were made. The rated one is among them.</summary>
    private List<Sibling> Answers(Thumbs thumbs)
    {
        string? parent = Text(Get(_messages[_message], "parentId"));
        JsonElement children = parent is not null && _messages.TryGetValue(parent, out JsonElement asked) ? Get(asked, "childrenIds") : default;
        List<string> ids = children.ValueKind == JsonValueKind.Array ? [.. children.EnumerateArray().Select(c => Text(c) ?? "").Distinct()] : [];
        if (!ids.Contains(_message))
            ids.Add(_message);
        List<Sibling> answers = [];
        foreach (string id in ids)
        {
            if (!IsAnswer(id, out JsonElement message) || Text(Get(message, "parentId")) != parent || Said(message).Text is not { } text)
                continue;
            (long Number, int Rating)? record = thumbs.Find(_chat, id);
            int rating = id == _message ? Rating : record?.Rating ?? Thumb(Get(message, "annotation")) ?? 0;
            answers.Add(new Sibling(id, text, rating, record is not null));
        }
        return answers;
    }

    /// <summary>The turns from the beginning of the chat to the message that the rated answer answers.</summary>
    private List<ChatMessage> Conversation()
    {
        List<ChatMessage> turns = [];
        string? id = Text(Get(_messages[_message], "parentId"));
        while (id is not null)
        {
            if (!_messages.TryGetValue(id, out JsonElement message))
                throw new FormatException("a message of its chat is missing.");
            if (turns.Count > _messages.Count)
                throw new FormatException("the messages of its chat go in a circle.");
            (string? text, string? why) = Said(message);
            if (text is null)
                throw new FormatException(why);
            string role =
                SpeakerRole.Of(Text(Get(message, "role")) ?? "")
                ?? throw new FormatException("its chat holds a message of somebody who is neither system, user nor assistant.");
            turns.Add(new ChatMessage(role, text));
            id = Text(Get(message, "parentId"));
        }
        if (_system is not null)
            turns.Add(new ChatMessage("system", _system));
        turns.Reverse();
        return turns;
    }

    private bool IsAnswer(string id, out JsonElement message) =>
        _messages.TryGetValue(id, out message) && SpeakerRole.Of(Text(Get(message, "role")) ?? "") == "assistant";

    /// <summary>What a message says, without thoughts; or the reason why it is not learned from.</summary>
    private static (string? Text, string? Why) Said(JsonElement message)
    {
        if (Get(message, "files") is { ValueKind: JsonValueKind.Array } files && files.GetArrayLength() > 0)
            return (null, "a message of its chat has files, and answers are learned from text alone.");
        if (Get(message, "error").ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.False))
            return (null, "an answer of its chat failed.");
        if (Get(message, "done").ValueKind == JsonValueKind.False)
            return (null, "an answer of its chat was not written to its end.");
        string? text = Output(message);
        if (text is not null && message.ValueKind == JsonValueKind.Object && DataSets.Conversation.Content(message) is { Length: > 0 } content)
            text = Reasoning().Replace(content, "");
        // Calls of tools and code that was run are such parts too.
        if (text is null || text.Contains("<details type=", StringComparison.Ordinal))
            return (null, "a message of its chat has calls of tools, and answers are learned from text alone.");
        text = Thoughts.Drop(text).Trim();
        return text.Length > 0 ? (text, null) : (null, "a message of its chat has no text.");
    }

    /// <summary>
    /// The text of an answer that newer versions also store as a list of items, as OpenAI's Responses API returns it. Null if a tool was called.
    /// </summary>
    private static string? Output(JsonElement message)
    {
        if (Get(message, "output") is not { ValueKind: JsonValueKind.Array } items)
            return "";
        var text = new StringBuilder();
        foreach (JsonElement item in items.EnumerateArray())
        {
            string? type = Text(Get(item, "type"));
            if (type is not ("message" or "reasoning"))
                return null;
            if (type == "message")
                _ = text.Append(DataSets.Conversation.Content(item)).Append('\n');
        }
        return text.ToString();
    }

    private static int? Thumb(JsonElement rated) =>
        Get(rated, "rating") switch
        {
            { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out int rating) && rating is 1 or -1 => rating,
            { ValueKind: JsonValueKind.String } text when text.GetString() is "1" => 1,
            { ValueKind: JsonValueKind.String } text when text.GetString() is "-1" => -1,
            _ => null,
        };

    /// <summary>The value at a path of fields; undefined if there is none.</summary>
    private static JsonElement Get(JsonElement value, params ReadOnlySpan<string> path)
    {
        foreach (string name in path)
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
                return default;
        }
        return value;
    }

    private static string? Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    // Open WebUI stores thoughts in the answer, as a part of the page that can be folded. It cuts them off in the same way before a model reads them.
    [GeneratedRegex("""<details type="reasoning".*?(</details>|\z)\s*""", RegexOptions.Singleline)]
    private static partial Regex Reasoning();

    /// <param name="Id">The id of the answer's message.</param>
    /// <param name="Text">What it says.</param>
    /// <param name="Rating">1 for a thumb up, -1 for a thumb down, 0 for none.</param>
    /// <param name="HasRecord">Whether the file holds a record of its thumb.</param>
    private readonly record struct Sibling(string Id, string Text, int Rating, bool HasRecord);
}
