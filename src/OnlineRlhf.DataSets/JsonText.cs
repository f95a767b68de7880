using System.Buffers;
using System.Text.Json;

namespace OnlineRlhf.DataSets;

/// <summary>Reads JSON as programs write it: with trailing commas, and with NaN and Infinity for missing numbers.</summary>
internal static class JsonText
{
    private static readonly JsonDocumentOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <exception cref="JsonException">The text is not valid even so.</exception>
    internal static JsonDocument Parse(ReadOnlySequence<byte> text)
    {
        try
        {
            return JsonDocument.Parse(text, Options);
        }
        catch (JsonException)
        {
            if (WithNulls(text.ToArray()) is { } replaced)
                return JsonDocument.Parse(replaced, Options);
            throw;
        }
    }

    /// <summary>The text with null instead of NaN and Infinity; null if it contains neither.</summary>
    private static byte[]? WithNulls(ReadOnlySpan<byte> text)
    {
        var replaced = new ArrayBufferWriter<byte>(text.Length + 16);
        bool found = false,
            inString = false;
        for (int at = 0; at < text.Length; )
        {
            int length = 1;
            if (inString && text[at] == '\\')
                length = Math.Min(2, text.Length - at);
            else if (text[at] == '"')
                inString = !inString;
            else if (!inString && Constant(text[at..]) is > 0 and var constant)
            {
                found = true;
                replaced.Write("null"u8);
                at += constant;
                continue;
            }
            replaced.Write(text.Slice(at, length));
            at += length;
        }
        return found ? replaced.WrittenSpan.ToArray() : null;
    }

    private static int Constant(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> nan = "NaN"u8,
            infinity = "Infinity"u8,
            negative = "-Infinity"u8;
        return text.StartsWith(nan) ? nan.Length
            : text.StartsWith(infinity) ? infinity.Length
            : text.StartsWith(negative) ? negative.Length
            : 0;
    }
}
