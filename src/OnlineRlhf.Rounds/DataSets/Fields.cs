using System.Text.Json;

namespace OnlineRlhf.Rounds.DataSets;

/// <summary>The fields of a JSON object, by name. Null and an empty text are as good as absent.</summary>
internal readonly struct Fields(JsonElement line)
{
    /// <summary>Whether there is a field of a name, whatever it holds.</summary>
    internal bool Has(string name) => line.TryGetProperty(name, out _);

    /// <summary>A field that says something; null where there is none.</summary>
    /// <exception cref="FormatException">The line has it twice: nobody can tell which one counts.</exception>
    internal JsonElement? this[string name]
    {
        get
        {
            JsonElement? found = null;
            int count = 0;
            foreach (JsonProperty field in line.EnumerateObject())
            {
                if (!field.NameEquals(name))
                    continue;
                if (++count > 1)
                    throw new FormatException($"it has {name} more than once.");
                if (Says(field.Value))
                    found = field.Value;
            }
            return found;
        }
    }

    /// <summary>A field that is a text; null where there is none.</summary>
    /// <exception cref="FormatException">It is no text, or there twice.</exception>
    internal string? Text(string name) => this[name] switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw new FormatException($"{name} is no text."),
    };

    private static bool Says(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => false,
        JsonValueKind.String => !string.IsNullOrWhiteSpace(value.GetString()),
        JsonValueKind.Array => value.GetArrayLength() > 0,
        _ => true,
    };
}
