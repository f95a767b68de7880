using System.Text.Encodings.Web;
using System.Text.Json;

namespace OnlineRlhf.Daemon.Http.OpenAi;

/// <summary>Writes responses. They are written by hand, because types for all of them would make the program larger by a hundredth.</summary>
internal static class OpenAiJson
{
    // No part of them is embedded in a web page.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One object.</summary>
    internal static byte[] Object(Action<Utf8JsonWriter> fields)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Readable))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    internal static async Task Write(HttpContext context, byte[] body)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }
}
