using System.Buffers;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace OnlineRlhf.Daemon.Http;

/// <summary>Checks that a body is in UTF-8, and explains what it is otherwise.</summary>
internal static class BodyEncoding
{
    private const int LongestName = 40;

    /// <summary>The JSON text of a body, without a byte order mark.</summary>
    /// <exception cref="BadHttpRequestException">The body is compressed, or is not in UTF-8.</exception>
    internal static ReadOnlySpan<byte> Utf8(HttpRequest request, ReadOnlySpan<byte> body)
    {
        string coding = request.Headers.ContentEncoding.ToString();
        if (coding.Length > 0 && !coding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            throw Unsupported($"The body is compressed (Content-Encoding: {Name(coding)}): send it as it is, without this header.");
        if (Compression(body) is { } compression)
            throw Unsupported($"The body is compressed ({compression}): send it as it is.");
        if (body.StartsWith("\uFEFF"u8))
            body = body["\uFEFF"u8.Length..];
        else if (IsWide(body))
            throw Unsupported("The body is in UTF-16 or UTF-32: send it in UTF-8.");
        if (Ascii.IsValid(body))
            return body;
        string set = ContentType(request)?.Charset.Value?.Trim('"') ?? "";
        // Many clients write utf8 instead of UTF-8. ASCII is part of UTF-8.
        if (set.Length > 0 && set.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant() is not ("UTF8" or "USASCII" or "ASCII"))
            throw Unsupported($"The body is in another encoding (Content-Type: charset={Name(set)}): send it in UTF-8.");
        if (!System.Text.Unicode.Utf8.IsValid(body))
            throw new BadHttpRequestException($"The body is not valid UTF-8 at byte {FirstInvalid(body) + 1}: send whole characters.");
        return body;
    }

    /// <summary>
    /// The error for a body whose content type says that it is not JSON; null if the content type says nothing. curl calls everything a form.
    /// </summary>
    internal static BadHttpRequestException? Unsupported(HttpRequest request) =>
        ContentType(request)?.MediaType.Value switch
        {
            null or "application/x-www-form-urlencoded" or "application/octet-stream" or "text/plain" => null,
            { } type when type.EndsWith("json", StringComparison.OrdinalIgnoreCase) => null,
            { } type => Unsupported($"The body is no JSON (Content-Type: {Name(type)}): send one JSON object as the whole body."),
        };

    private static MediaTypeHeaderValue? ContentType(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type) ? type : null;

    // The first bytes of the usual compressed formats. JSON cannot begin with any of them.
    private static string? Compression(ReadOnlySpan<byte> body) =>
        body switch
        {
            [0x1F, 0x8B, ..] => "gzip",
            [0x28, 0xB5, 0x2F, 0xFD, ..] => "zstd",
            [0x78, 0x01 or 0x5E or 0x9C or 0xDA, ..] => "deflate",
            [(byte)'P', (byte)'K', 3, 4, ..] => "zip",
            _ => null,
        };

    // JSON begins with two ASCII characters, so a zero byte among the first two means UTF-16 or UTF-32.
    private static bool IsWide(ReadOnlySpan<byte> body) => body is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [0, ..] or [_, 0, ..];

    private static int FirstInvalid(ReadOnlySpan<byte> body)
    {
        int at = 0;
        while (Rune.DecodeFromUtf8(body[at..], out _, out int length) == OperationStatus.Done)
            at += length;
        return at;
    }

    /// <summary>A name that a client sent, if it looks like a name; otherwise "unknown".</summary>
    private static string Name(string given) =>
        given.Length <= LongestName && given.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '+' or '/' or '_') ? given : "unknown";

    private static BadHttpRequestException Unsupported(string message) => new(message, StatusCodes.Status415UnsupportedMediaType);
}
