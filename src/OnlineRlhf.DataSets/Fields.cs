using System.Text.Json;

namespace OnlineRlhf.DataSets;

/// <summary>The fields of a JSON object, by name. Null and empty texts count as absent.</summary>
/// <remarks>Names are compared without case, and without the signs between their words: "System Prompt" is system_prompt.</remarks>
internal readonly struct Fields(JsonElement line)
{
    private const int LongestName = 32;
    private static readonly string[] Beyond =
    [
        "tools",
        "functions",
        "tool_calls",
        "function_call",
        "images",
        "image",
        "videos",
        "video",
        "audios",
        "audio",
        "documents",
    ];

    /// <summary>Whether there is a field with this name, with any value.</summary>
    internal bool Has(string name)
    {
        foreach (JsonProperty field in line.EnumerateObject())
        {
            if (IsNamed(field, name))
                return true;
        }
        return false;
    }

    /// <summary>A field that is not empty; null if there is none.</summary>
    /// <exception cref="FormatException">The object has the field twice, so nobody can tell which one counts.</exception>
    internal JsonElement? this[string name]
    {
        get
        {
            JsonElement? found = null;
            int count = 0;
            foreach (JsonProperty field in line.EnumerateObject())
            {
                if (!IsNamed(field, name))
                    continue;
                if (++count > 1)
                    throw new FormatException($"it has {name} more than once.");
                if (HasContent(field.Value))
                    found = field.Value;
            }
            return found;
        }
    }

    /// <summary>A field that is a text; null if there is none.</summary>
    /// <exception cref="FormatException">The field is not a text, or the object has it twice.</exception>
    internal string? Text(string name) =>
        this[name] switch
        {
            null => null,
            { ValueKind: JsonValueKind.String } value => value.GetString(),
            _ => throw new FormatException($"{name} is no text."),
        };

    /// <summary>Refuses an object with content other than text.</summary>
    /// <exception cref="FormatException">The object has such a field.</exception>
    internal void RequireText(string what)
    {
        foreach (string name in Beyond)
        {
            if (this[name] is { } value && !(value.ValueKind == JsonValueKind.String && value.GetString()!.Trim() == "[]"))
                throw new FormatException($"{what} has {name}, and answers are learned from text alone.");
        }
    }

    private static bool IsNamed(JsonProperty field, string name) =>
        field.NameEquals(name) || (field.Name.Length < LongestName && Plain(field.Name).Equals(Plain(name), StringComparison.OrdinalIgnoreCase));

    private static string Plain(string name) => string.Concat(name.Where(char.IsLetterOrDigit));

    private static bool HasContent(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null => false,
            JsonValueKind.String => !string.IsNullOrWhiteSpace(value.GetString()),
            JsonValueKind.Array => value.GetArrayLength() > 0,
            _ => true,
        };
}
