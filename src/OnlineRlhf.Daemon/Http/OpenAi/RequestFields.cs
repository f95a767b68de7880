using System.Text.Json;

namespace OnlineRlhf.Daemon.Http.OpenAi;

/// <summary>The fields of a request. A field that is missing or null counts as not set, and one that nobody asks for is ignored.</summary>
internal readonly struct RequestFields
{
    // The schema of a tool can be deep.
    private const int Deepest = 1024;
    private readonly JsonElement _fields;

    private RequestFields(JsonElement fields) => _fields = fields;

    /// <exception cref="OpenAiException">The body is no JSON object.</exception>
    internal static RequestFields Parse(ReadOnlySpan<byte> body)
    {
        JsonElement fields;
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = Deepest });
            fields = JsonElement.ParseValue(ref reader);
            if (reader.BytesConsumed < body.Length && body[(int)reader.BytesConsumed..].IndexOfAnyExcept(" \t\r\n"u8) >= 0)
                throw new OpenAiException("The body has something behind its JSON object: send one object.", null);
        }
        catch (JsonException e)
        {
            throw new OpenAiException(
                $"The body is not valid JSON: it ends too early or has a stray character at line {(e.LineNumber ?? 0) + 1}.",
                null
            );
        }
        return fields.ValueKind == JsonValueKind.Object
            ? new RequestFields(fields)
            : throw new OpenAiException("The body must be one JSON object, with the field messages.", null);
    }

    /// <summary>A field of any type; null if it is not set.</summary>
    internal JsonElement? Any(string name) => Any(_fields, name);

    /// <exception cref="OpenAiException">There is a field with another name.</exception>
    internal void RequireOnly(params string[] names)
    {
        foreach (JsonProperty field in _fields.EnumerateObject())
        {
            if (!names.Any(field.NameEquals))
                throw new OpenAiException($"There is a field with an unknown name: the fields are {string.Join(", ", names)}.", null);
        }
    }

    internal string? Text(string name) =>
        Any(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? Text(value, name)
        : throw Wrong(name, "a text");

    internal bool? Flag(string name) =>
        Any(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Wrong(name, "true or false");

    /// <summary>A number in a range.</summary>
    internal double? Number(string name, double least, double most)
    {
        if (Any(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double number))
            throw Wrong(name, "a number");
        return number >= least && number <= most
            ? number
            : throw new OpenAiException(FormattableString.Invariant($"{name} must be {least} to {most}, not {number}."), name);
    }

    /// <summary>A whole number. One that is too large becomes the largest.</summary>
    internal long? Whole(string name)
    {
        if (Any(name) is not { } value)
            return null;
        // Some clients write 100.0 or 1e3.
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double real) || Math.Truncate(real) != real)
            throw Wrong(name, "a whole number");
        return value.TryGetInt64(out long whole) ? whole : (long)real;
    }

    /// <summary>A text.</summary>
    /// <exception cref="OpenAiException">It holds half of a surrogate pair, as programs leave it that cut a text within an emoji.</exception>
    internal static string Text(JsonElement value, string at)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new OpenAiException($"{at} is not valid Unicode: it holds half of a surrogate pair (\\ud800 to \\udfff).", at);
        }
    }

    /// <summary>A field of an object that may be missing or null; null if it is.</summary>
    internal static JsonElement? Any(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } fields
        && fields.TryGetProperty(name, out JsonElement value)
        && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    private static OpenAiException Wrong(string field, string type) => new($"{field} must be {type}.", field);
}
