using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using OnlineRlhf.Daemon.Configuration;

namespace OnlineRlhf.Daemon.Cli.Models;

/// <summary>Writes the model's path into a settings file, and leaves all other bytes unchanged.</summary>
internal static class ConfigurationFile
{
    private const string Key = "model";
    private static readonly JsonReaderOptions Lenient = new() { CommentHandling = JsonCommentHandling.Allow, AllowTrailingCommas = true };

    /// <exception cref="ConfigurationException">The settings are not a JSON object.</exception>
    internal static byte[] WithModel(byte[] settings, string model)
    {
        string value = $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(model)}\"";
        try
        {
            (int start, int end, int open, bool isEmpty) = Find(settings);
            return start > 0
                ? [.. settings[..start], .. Encoding.UTF8.GetBytes(value), .. settings[end..]]
                : [.. settings[..open], .. Encoding.UTF8.GetBytes($"\n  \"{Key}\": {value}{(isEmpty ? "\n" : ",")}"), .. settings[open..]];
        }
        catch (JsonException e)
        {
            throw new ConfigurationException($"the settings are not valid JSON: {Settings.Describe(e)}");
        }
    }

    /// <summary>Finds the last value of the key and the end of the opening brace, and whether there are no settings at all.</summary>
    private static (int Start, int End, int Open, bool IsEmpty) Find(byte[] settings)
    {
        (int start, int end, int open, bool isEmpty) = (0, 0, 0, true);
        var reader = new Utf8JsonReader(settings, Lenient);
        while (reader.Read())
        {
            if (open == 0 && reader.TokenType == JsonTokenType.StartObject)
                open = (int)reader.BytesConsumed;
            else if (open == 0 && reader.TokenType != JsonTokenType.Comment)
                throw new JsonException("they must be one object.");
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1)
                continue;
            isEmpty = false;
            if (!reader.ValueTextEquals(Key))
                continue;
            do reader.Read();
            while (reader.TokenType == JsonTokenType.Comment);
            (start, end) = ((int)reader.TokenStartIndex, (int)reader.BytesConsumed);
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                throw new JsonException("model must be a text.");
        }
        return (start, end, open, isEmpty);
    }
}
