using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using OnlineRlhf.DataSets;

namespace OnlineRlhf.DataSets.Tests;

/// <summary>What the records of Open WebUI's exported feedback teach.</summary>
/// <remarks>A chat is written as its messages, "id &lt; parent role: text"; a user's is "?", an answer "!", a rated answer "+" or "-".</remarks>
public sealed class ThumbRecordTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("q<?How?|a<q!So.|b<q!Thus.", "a+", "user: How? | So. | Thus.")]
    [InlineData("q<?How?|a<q!So.|b<q!Thus.", "a-", "user: How? | Thus. | So.")]
    [InlineData("q<?How?|a<q!So.|b<q!Thus.", "b+", "user: How? | Thus. | So.")]
    [InlineData("q<?How?|a<q!So.|b<q!Thus.|c<q!Hm.", "c+", "user: How? | Hm. | Thus.")]
    [InlineData("q<?How?|a<q!So.|b<q!Thus.|c<q!Hm.", "a+", "user: How? | So. | Thus.")]
    [InlineData("q<?How?|a<q-So.|b<q!Thus.|c<q!Hm.", "c+", "user: How? | Hm. | So.")]
    [InlineData("q<?How?|a<q+So.|b<q-Thus.|c<q!Hm.", "a+", "user: How? | So. | Thus.")]
    [InlineData("q<?How?|a<q+So.|b<q!Thus.|c<q!Hm.", "c+", "user: How? | Hm. | Thus.")]
    [InlineData("p<?Hm.|x<p!What?|y<p!Other.|q<x?How?|a<q!So.|b<q!Thus.|z<a?More.", "a+", "user: Hm. assistant: What? user: How? | So. | Thus.")]
    [InlineData(
        "p<?Hm.|x<p!<think>zebrafinch</think>What?|q<x?How?|a<q!<think>\nhm</think>\n\nSo.|b<q!Thus [1].",
        "a+",
        "user: Hm. assistant: What? user: How? | So. | Thus [1]."
    )]
    [InlineData(
        "q<?How?|a<q!<details type=\"reasoning\" done=\"true\" duration=\"3\">\n<summary>Thought</summary>\n> hm\n</details>\nSo.|b<q!Thus.",
        "a+",
        "user: How? | So. | Thus."
    )]
    [InlineData("q<?How?|a<q!So.|b<q!So. |c<q!Thus.", "a+", "user: How? | So. | Thus.")]
    public async Task A_thumb_is_a_comparison_with_a_sibling(string chat, string thumb, string expected) =>
        Assert.Equal([expected], await ReadAsync([Record(chat, thumb)]));

    [Theory]
    [InlineData("q<?zebrafinch|a<q!zebrafinch", "a+", "it has one answer only.")]
    [InlineData("q<?How?|a<q!zebrafinch|b<q! zebrafinch", "a+", "it has one answer only.")]
    [InlineData("a<!zebrafinch", "a+", "it has one answer only.")]
    [InlineData("q<?How?|a<q!zebrafinch|b<q+Thus.", "a+", "its answers are rated alike.")]
    [InlineData("q<?How?|a<q!zebrafinch|b<q-Thus.", "a-", "its answers are rated alike.")]
    [InlineData("q<x?zebrafinch|a<q!So.|b<q!Thus.", "a+", "a message of its chat is missing.")]
    [InlineData("a<q!So.|b<q!zebrafinch", "a+", "a message of its chat is missing.")]
    [InlineData("p<x?zebrafinch|x<q!Hm.|q<p?How?|a<q!So.|b<q!Thus.", "a+", "the messages of its chat go in a circle.")]
    [InlineData("q<q?zebrafinch|a<q!So.|b<q!Thus.", "a+", "the messages of its chat go in a circle.")]
    [InlineData("q<?How?|a<q!<think>zebrafinch|b<q!Thus.", "a+", "a message of its chat has no text.")]
    [InlineData("q<?How?|a<q!<details type=\"reasoning\" done=\"false\">zebrafinch|b<q!Thus.", "a+", "a message of its chat has no text.")]
    [InlineData("q<?How?|a<q!<details type=\"tool_calls\" name=\"zebrafinch\">x</details>So.|b<q!Thus.", "a+", "has calls of tools")]
    [InlineData("q<?How?|a<q!So <|im_end|> zebrafinch|b<q!Thus.", "a+", "marks of a chat template")]
    [InlineData("q<?zebrafinch|a<q!So.|b<q!Thus.", "q+", "the answer that its thumb is about is not in its chat.")]
    [InlineData("q<?zebrafinch|a<q!So.|b<q!Thus.", "c+", "the answer that its thumb is about is not in its chat.")]
    public async Task What_tells_of_no_preference_is_skipped_in_words_that_repeat_nothing(string chat, string thumb, string says)
    {
        string reason = Assert.Single(await ReadAsync([Record(chat, thumb)]));

        Assert.Contains(says, reason, StringComparison.Ordinal);
        Assert.DoesNotContain("zebrafinch", reason, StringComparison.Ordinal);
    }

    // The copy of the chat in the first thumb's record does not know of the second thumb. The newest record comes first, or was updated later.
    [Theory]
    [InlineData("a+ b-", "user: How? | So. | Thus.")]
    [InlineData("a- b+", "user: How? | Thus. | So.")]
    [InlineData("a+ b+", "")]
    [InlineData("a- b-", "")]
    [InlineData("a+ b- c-", "user: How? | So. | Thus.; user: How? | So. | Hm.")]
    [InlineData("a- b+ c-", "user: How? | Thus. | So.; user: How? | Thus. | Hm.")]
    [InlineData("a+ b+ c-", "user: How? | Thus. | Hm.; user: How? | So. | Hm.")]
    [InlineData("a+ a-", "user: How? | So. | Thus.")]
    public async Task Two_records_about_two_answers_to_one_message_count_once(string thumbs, string expected)
    {
        const string Chat = "q<?How?|a<q!So.|b<q!Thus.|c<q!Hm.";
        string[] given = thumbs.Split(' ');
        string chat = given.Any(t => t[0] == 'c') ? Chat : Chat[..Chat.LastIndexOf('|')];
        JsonObject[] records = [.. given.Select(t => Record(chat, t))];
        string[] wanted = expected.Length == 0 ? [] : expected.Split("; ");

        Assert.Equal(wanted.Order(), Pairs(await ReadAsync(records)).Order());
        if (given is not ["a+", "a-"])
            Assert.Equal(wanted.Order(), Pairs(await ReadAsync([.. records.Reverse().Select(r => (JsonObject)r.DeepClone())])).Order());
    }

    [Fact]
    public async Task A_record_whose_chat_shows_one_answer_leaves_the_pair_to_the_later_record()
    {
        JsonObject first = Record("q<?How?|a<q!So.", "a-"),
            second = Record("q<?How?|a<q-So.|b<q!Thus.", "b+");

        Assert.Equal(["user: How? | Thus. | So.", "it has one answer only."], await ReadAsync([second, first]));
    }

    [Fact]
    public async Task The_same_message_in_another_chat_is_another_answer()
    {
        JsonObject here = Record("q<?How?|a<q!So.|b<q!Thus.", "a+"),
            there = Record("q<?How?|a<q!So.|b<q!Thus.", "b+");
        there["meta"]!["chat_id"] = "copy";

        Assert.Equal(["user: How? | So. | Thus.", "user: How? | Thus. | So."], await ReadAsync([here, there]));
    }

    [Theory]
    [InlineData("data.rating", "\"1\"", "user: How? | So. | Thus.")]
    [InlineData("data.rating", "\"-1\"", "user: How? | Thus. | So.")]
    [InlineData("data.rating", "0", "it has no thumb")]
    [InlineData("data.rating", "null", "it has no thumb")]
    [InlineData("data.rating", "10", "it has no thumb")]
    [InlineData("data.rating", "1e99", "it has no thumb")]
    [InlineData("data.rating", "[1]", "it has no thumb")]
    [InlineData("snapshot", "null", "no copy of the chat")]
    [InlineData("snapshot", "{}", "no copy of the chat")]
    [InlineData("snapshot.chat.chat", "\"\"", "no copy of the chat")]
    [InlineData("snapshot.chat.chat.history.messages", "[]", "no copy of the chat")]
    [InlineData("snapshot.chat.chat.history.messages.a", "null", "is not in its chat")]
    [InlineData("snapshot.chat.chat.history.messages.q", "7", "has no text")]
    [InlineData("meta", "null", "is not in its chat")]
    [InlineData("meta.arena", "true", "user: How? | So. | Thus.")]
    [InlineData("snapshot.chat.chat.params", """{"system": "Be brief."}""", "system: Be brief. user: How? | So. | Thus.")]
    [InlineData("snapshot.chat.chat.params", """{"system": null}""", "user: How? | So. | Thus.")]
    [InlineData("snapshot.chat.chat.history.messages.q.files", """[{"type": "image", "url": "data:"}]""", "has files")]
    [InlineData("snapshot.chat.chat.history.messages.q.files", "[]", "user: How? | So. | Thus.")]
    [InlineData("snapshot.chat.chat.history.messages.q.childrenIds", """["gone", "a", 7, null, "q", "b", "a"]""", "user: How? | So. | Thus.")]
    [InlineData("snapshot.chat.chat.history.messages.q.childrenIds", """["b"]""", "user: How? | So. | Thus.")]
    [InlineData("snapshot.chat.chat.history.messages.q.childrenIds", "null", "it has one answer only.")]
    [InlineData("snapshot.chat.chat.history.messages.q.content", """[{"type": "text", "text": "How?"}]""", "user: How? | So. | Thus.")]
    [InlineData("snapshot.chat.chat.history.messages.q.content", """[{"type": "image_url"}]""", "has no text")]
    [InlineData("snapshot.chat.chat.history.messages.a.content", "null", "has no text")]
    [InlineData("snapshot.chat.chat.history.messages.b.content", "null", "it has one answer only.")]
    [InlineData("snapshot.chat.chat.history.messages.b.content", "[]", "it has one answer only.")]
    [InlineData("snapshot.chat.chat.history.messages.b.done", "false", "it has one answer only.")]
    [InlineData("snapshot.chat.chat.history.messages.b.error", """{"content": "no"}""", "it has one answer only.")]
    [InlineData("snapshot.chat.chat.history.messages.b.error", "null", "user: How? | So. | Thus.")]
    [InlineData("snapshot.chat.chat.history.messages.b.parentId", "\"z\"", "it has one answer only.")]
    [InlineData("snapshot.chat.chat.history.messages.b.role", "\"user\"", "it has one answer only.")]
    [InlineData("snapshot.chat.chat.history.messages.q.role", "\"tool\"", "neither system, user nor assistant")]
    [InlineData("snapshot.chat.chat.history.messages.a.sources", """[{"document": ["Long."]}]""", "user: How? | So. | Thus.")]
    [InlineData(
        "snapshot.chat.chat.history.messages.a",
        """
            {"parentId": "q", "role": "assistant", "content": "",
            "output": [{"type": "reasoning", "content": [{"type": "output_text", "text": "hm"}]},
                {"type": "message", "content": [{"type": "output_text", "text": "So."}]}]}
            """,
        "user: How? | So. | Thus."
    )]
    [InlineData("snapshot.chat.chat.history.messages.a.output", """[{"type": "function_call", "name": "clock"}]""", "has calls of tools")]
    public async Task Each_field_is_read_or_refused(string path, string value, string expected)
    {
        JsonObject record = Record("q<?How?|a<q!So.|b<q!Thus.", "a+");
        string[] names = path.Split('.');
        names[..^1].Aggregate((JsonNode)record, (node, name) => node[name]!)[names[^1]] = JsonNode.Parse(value);

        Assert.Contains(expected, Assert.Single(await ReadAsync([record])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_record_a_line_is_the_same_as_a_list()
    {
        JsonObject[] records = [Record("q<?How?|a<q!So.|b<q!Thus.", "a+"), Record("q<?How?|a<q!So.|b<q!Thus.", "b-")];
        await File.WriteAllLinesAsync(_path, records.Select(r => r.ToJsonString()), Cancel);

        Assert.Equal(["user: How? | So. | Thus."], Pairs(await ReadFileAsync()));
    }

    // A stopped run goes on behind the last line that it learned, and reads none of those before.
    [Fact]
    public async Task A_record_tells_the_same_wherever_reading_begins()
    {
        const string Chat = "q<?How?|a<q!So.|b<q!Thus.|c<q!Hm.";
        List<string> read = await ReadAsync([Record(Chat, "c-"), Record(Chat, "b+"), Record(Chat, "a-"), Record(Chat, "a+")]);
        PreferenceFile file = await PreferenceFile.OpenAsync(_path, Cancel);
        List<(long Number, byte[] Content)> entries = [];
        await foreach ((long number, ReadOnlySequence<byte>? content) in file.ReadAsync(Cancel))
            entries.Add((number, content!.Value.ToArray()));

        Assert.Equal(["user: How? | Thus. | Hm.", "user: How? | Thus. | So."], Pairs(read));
        Assert.Equal(read, [.. entries.AsEnumerable().Reverse().Select(e => Describe(file, e.Number, new(e.Content))).Reverse()]);
    }

    [Fact]
    public async Task A_record_that_is_too_long_is_dropped_and_the_other_one_tells_of_the_pair()
    {
        JsonObject large = Record("q<?How?|a<q!So.|b<q!Thus.", "b-"),
            small = Record("q<?How?|a<q!So.|b<q!Thus.", "a+");
        large["snapshot"]!["chat"]!["title"] = new string('x', PreferenceFile.LongestLine);

        Assert.Equal(["too long", "user: How? | So. | Thus."], await ReadAsync([large, small]));
    }

    [Fact]
    public async Task A_chat_of_ten_thousand_messages_is_read_at_once()
    {
        var chat = new StringBuilder("m0<?How?");
        for (int n = 1; n <= 10_000; n++)
            _ = chat.Append($"|m{n}<m{n - 1}{(n % 2 == 0 ? '?' : '!')}So {n}.");
        JsonObject record = Record($"{chat}|a<m10000!So.|b<m10000!Thus.", "a+");
        long start = Stopwatch.GetTimestamp();
        string pair = Assert.Single(await ReadAsync([record]));

        Assert.EndsWith("user: So 10000. | So. | Thus.", pair, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Beginnings_of_thoughts_without_an_end_cost_no_time()
    {
        string many = string.Concat(Enumerable.Repeat("<details type=\"reasoning\" ", 100_000));
        long start = Stopwatch.GetTimestamp();

        Assert.Equal(["a message of its chat has no text."], await ReadAsync([Record($"q<?How?|a<q!{many}|b<q!Thus.", "a+")]));
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Of_two_messages_with_one_id_the_later_one_counts()
    {
        string record = Record("q<?How?|a<q!So.|b<q!Thus.", "a+").ToJsonString();
        string twice = record.Replace(
            "\"messages\":{",
            "\"messages\":{\"a\":{\"role\":\"assistant\",\"content\":\"Old.\"},",
            StringComparison.Ordinal
        );
        await File.WriteAllTextAsync(_path, $"[{twice},{twice}]", Cancel);

        Assert.Equal(["user: How? | So. | Thus.", "an earlier record is about the same answer."], await ReadFileAsync());
    }

    [Fact]
    public async Task The_thumbs_of_several_people_are_refused_as_one_file()
    {
        JsonObject[] records = [Record("q<?How?|a<q!So.|b<q!Thus.", "a+"), Record("q<?How?|a<q!So.|b<q!Thus.", "b-")];
        records[1]["user_id"] = "somebody else";
        IOException refused = await Assert.ThrowsAsync<IOException>(() => ReadAsync(records));

        Assert.Contains("several people", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("somebody", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A record as Open WebUI exports it: the thumb is given to the message with the id before its sign.</summary>
    private static JsonObject Record(string chat, string thumb)
    {
        var messages = new JsonObject();
        foreach (string line in chat.Split('|').Aggregate(new List<string>(), Joined))
        {
            (string id, string rest) = (
                line[..line.IndexOf('<', StringComparison.Ordinal)],
                line[(line.IndexOf('<', StringComparison.Ordinal) + 1)..]
            );
            int sign = rest.IndexOfAny(['?', '!', '+', '-']);
            var message = new JsonObject
            {
                ["id"] = id,
                ["parentId"] = sign == 0 ? null : rest[..sign],
                ["childrenIds"] = new JsonArray(),
                ["role"] = rest[sign] == '?' ? "user" : "assistant",
                ["content"] = rest[(sign + 1)..],
                ["timestamp"] = 1_760_000_000,
            };
            if (rest[sign] != '?')
                message["done"] = true;
            if (rest[sign] is '+' or '-')
                message["annotation"] = new JsonObject { ["rating"] = rest[sign] == '+' ? 1 : -1 };
            messages[id] = message;
        }
        foreach ((string id, JsonNode? message) in messages)
        {
            if (message!["parentId"]?.GetValue<string>() is { } parent && messages[parent]?["childrenIds"] is JsonArray children)
                children.Add(id);
        }
        return new JsonObject
        {
            ["id"] = Guid.NewGuid().ToString(),
            ["user_id"] = "anna",
            ["version"] = 0,
            ["type"] = "rating",
            ["data"] = new JsonObject
            {
                ["rating"] = thumb[^1] == '+' ? 1 : -1,
                ["model_id"] = "onlinerlhf",
                ["sibling_model_ids"] = new JsonArray("onlinerlhf"),
                ["reason"] = "",
                ["comment"] = "",
                ["details"] = new JsonObject { ["rating"] = 9 },
            },
            ["meta"] = new JsonObject
            {
                ["arena"] = false,
                ["chat_id"] = "chat",
                ["message_id"] = thumb[..^1],
                ["message_index"] = 2,
                ["base_models"] = new JsonObject { ["onlinerlhf"] = null },
            },
            ["snapshot"] = new JsonObject
            {
                ["chat"] = new JsonObject
                {
                    ["id"] = "chat",
                    ["title"] = "A chat",
                    ["chat"] = new JsonObject
                    {
                        ["models"] = new JsonArray("onlinerlhf"),
                        ["params"] = new JsonObject(),
                        ["history"] = new JsonObject { ["currentId"] = thumb[..^1], ["messages"] = messages },
                        ["messages"] = new JsonArray(),
                    },
                },
            },
            ["created_at"] = 1_760_000_000,
            ["updated_at"] = 1_760_000_000,
        };

        // A bar within a text, as in a mark of a chat template, separates no messages.
        static List<string> Joined(List<string> lines, string part)
        {
            if (lines.Count > 0 && !System.Text.RegularExpressions.Regex.IsMatch(part, "^\\w+<\\w*[?!+-]"))
                lines[^1] += "|" + part;
            else
                lines.Add(part);
            return lines;
        }
    }

    private static IEnumerable<string> Pairs(List<string> read) => read.Where(r => r.StartsWith("user", StringComparison.Ordinal));

    private async Task<List<string>> ReadAsync(JsonObject[] records)
    {
        await File.WriteAllTextAsync(_path, new JsonArray([.. records]).ToJsonString(), Cancel);
        return await ReadFileAsync();
    }

    /// <summary>Each entry's pair, or the reason to skip it.</summary>
    private async Task<List<string>> ReadFileAsync()
    {
        PreferenceFile file = await PreferenceFile.OpenAsync(_path, Cancel);
        List<string> read = [];
        await foreach ((long number, ReadOnlySequence<byte>? content) in file.ReadAsync(Cancel))
            read.Add(content is { } entry ? Describe(file, number, entry) : "too long");
        return read;
    }

    private static string Describe(PreferenceFile file, long number, ReadOnlySequence<byte> entry)
    {
        try
        {
            PreferencePair pair = file.Pair(number, entry);
            return $"{string.Join(' ', pair.Messages.Select(m => $"{m.Role}: {m.Content}"))} | {pair.Chosen} | {pair.Rejected}";
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
