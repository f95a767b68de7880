using System.Text.Json.Nodes;

namespace OnlineRlhf.Daemon.Tests.Api;

/// <summary>A method of a path in docs/openapi.json.</summary>
/// <param name="Path">The path, with its parameters in braces.</param>
/// <param name="Method">The method, in capitals.</param>
/// <param name="Node">What the file says of it.</param>
internal sealed record ApiOperation(string Path, string Method, JsonNode Node)
{
    internal const string File = "docs/openapi.json";

    internal static JsonObject Document { get; } = JsonNode.Parse(Checkout.Read(File))!.AsObject();

    /// <summary>The server-sent events, by name.</summary>
    internal static Dictionary<string, JsonNode> Events { get; } =
        Document["paths"]!["/v1/events"]!["get"]!["x-events"]!.AsObject().ToDictionary(e => e.Key, e => e.Value!);

    internal static ApiOperation Named(string id) => All(Document).Single(o => (string)o.Node["operationId"]! == id);

    internal static IEnumerable<ApiOperation> All(JsonObject document) =>
        from path in document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select new ApiOperation(path.Key, operation.Key.ToUpperInvariant(), operation.Value!);

    /// <summary>The schema of the body that it takes; null where it takes none.</summary>
    internal string? RequestSchema => ((string?)Node["requestBody"]?["content"]?["application/json"]?["schema"]?["$ref"])?.Split('/')[^1];

    /// <summary>A body that it takes, with every field.</summary>
    internal JsonObject Example => Node["requestBody"]!["content"]!["application/json"]!["example"]!.DeepClone().AsObject();

    internal string[] Parameters(string place) =>
        [.. Node["parameters"]?.AsArray().Where(p => (string)p!["in"]! == place).Select(p => (string)p!["name"]!) ?? []];

    /// <summary>What a reference within the document means; anything else as it is.</summary>
    internal static JsonNode Resolve(JsonNode node)
    {
        while (node is JsonObject && (string?)node["$ref"] is { } reference)
        {
            Assert.StartsWith("#/", reference, StringComparison.Ordinal);
            JsonNode? at = Document;
            foreach (string part in reference[2..].Split('/'))
                at = at?[part];
            Assert.True(at is not null, $"{reference} leads nowhere.");
            node = at;
        }
        return node;
    }
}
