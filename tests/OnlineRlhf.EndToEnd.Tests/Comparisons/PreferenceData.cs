using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OnlineRlhf.EndToEnd.Tests.Comparisons;

/// <summary>Made-up preference data in the shapes that data sets have.</summary>
internal static class PreferenceData
{
    /// <summary>In every line, and nowhere else.</summary>
    internal const string Marker = "zebrafinch";

    private static readonly string[] Subjects = ["tea", "rice", "a bird house", "bread", "the moon", "a bicycle", "soup"];
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>So many lines, each of another comparison, the shapes in turn.</summary>
    internal static string Lines(int count) => string.Concat(Enumerable.Range(0, count).Select(n => Line(n) + "\n"));

    /// <summary>One line.</summary>
    internal static string Line(int n)
    {
        string subject = Subjects[n % Subjects.Length],
            request = $"How do I care for {subject} and a {Marker}, question {n}?";
        string chosen = $"Start small: keep {subject} dry for {n + 2} days.",
            rejected =
                $"I would say that it depends. There are {n} ways to look at {subject}, and each of them has a price that nobody likes to pay.";
        JsonObject line = (n % 4) switch
        {
            0 => new()
            {
                ["prompt"] = request,
                ["chosen"] = chosen,
                ["rejected"] = rejected,
                ["margin"] = n,
            },
            1 => new()
            {
                ["chosen"] = $"\n\nHuman: Hello.\n\nAssistant: Good morning.\n\nHuman: {request}\n\nAssistant: {chosen}",
                ["rejected"] = $"\n\nHuman: Hello.\n\nAssistant: Good morning.\n\nHuman: {request}\n\nAssistant: {rejected}",
            },
            2 => new()
            {
                ["prompt"] = new JsonArray(Message("system", "Be kind."), Message("user", request)),
                ["chosen"] = new JsonArray(Message("assistant", chosen)),
                ["rejected"] = new JsonArray(Message("assistant", rejected)),
            },
            _ => new()
            {
                ["chosen"] = new JsonArray(Message("user", request), Message("assistant", chosen)),
                ["rejected"] = new JsonArray(Message("user", request), Message("assistant", rejected)),
            },
        };
        return line.ToJsonString(Readable);
    }

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
