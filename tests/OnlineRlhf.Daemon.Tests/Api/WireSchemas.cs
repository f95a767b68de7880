using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon.Tests.Api;

/// <summary>
/// The schemas of what goes over the socket, from the types that are sent and read. Descriptions and ranges are kept from the file.
/// </summary>
internal sealed class WireSchemas(JsonObject file)
{
    private const string Prefix = "#/components/schemas/";

    /// <summary>What people write into the file: the types say nothing of it.</summary>
    private static readonly string[] ByHand = ["description", "minimum", "maximum", "deprecated", "enum"];

    /// <summary>The texts that hold the words of an enumeration.</summary>
    private static readonly Dictionary<(string Schema, string Property), string[]> Words = new()
    {
        [("RoundRequest", "ask")] = WireName.All<AskMode>(),
        [("Feedback", "preferred")] = WireName.All<Preferred>(),
        [("Button", "buttons")] = WireName.All<Preferred>(),
        [("Button", "outcome")] = WireName.All<PressOutcome>(),
        [("Snapshot", "buttons")] = WireName.All<Preferred>(),
        [("Problem", "reason")] = [.. ProblemKind.All.Select(k => k.Reason).Distinct()],
    };

    private readonly SortedDictionary<string, JsonNode> _schemas = new(StringComparer.Ordinal);
    private readonly Queue<Type> _found = new();

    internal static string Name(Type type) => type.Name.EndsWith("Body", StringComparison.Ordinal) ? type.Name[..^"Body".Length] : type.Name;

    /// <summary>Every schema, by its name.</summary>
    internal JsonObject Generate()
    {
        foreach (
            CustomAttributeData known in typeof(WireJson).GetCustomAttributesData().Where(a => a.AttributeType == typeof(JsonSerializableAttribute))
        )
            _found.Enqueue((Type)known.ConstructorArguments[0].Value!);
        HashSet<string> requests = Requests();
        while (_found.TryDequeue(out Type? type))
        {
            if (!_schemas.ContainsKey(Name(type)))
                _schemas[Name(type)] = Schema(type, requests.Contains(Name(type)));
        }
        return new JsonObject(_schemas.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value)));
    }

    /// <summary>The schemas that clients send, and their parts.</summary>
    private HashSet<string> Requests()
    {
        HashSet<string> names = [];
        Type[] types = [.. typeof(WireJson).Assembly.GetTypes().Where(t => t.Namespace == typeof(WireJson).Namespace)];
        foreach (ApiOperation operation in ApiOperation.All(file).Where(o => o.RequestSchema is not null))
            Add(types.Single(t => t.Name == operation.RequestSchema + "Body"));
        return names;

        void Add(Type type)
        {
            names.Add(Name(type));
            foreach (JsonPropertyInfo property in WireJson.Readable.GetTypeInfo(type)!.Properties)
                if (
                    (property.PropertyType.IsGenericType ? property.PropertyType.GetGenericArguments()[0] : property.PropertyType) is { } part
                    && IsBody(part)
                )
                    Add(part);
        }
    }

    private JsonObject Schema(Type type, bool isRequest)
    {
        var options = new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, schema) =>
                context.Path.Length > 0 && IsBody(context.TypeInfo.Type) ? Reference(context.TypeInfo.Type, context.PropertyInfo) : schema,
        };
        JsonObject generated = WireJson.Readable.Options.GetJsonSchemaAsNode(type, options).AsObject(),
            properties = generated["properties"]!.AsObject();
        JsonNode? kept = file["components"]?["schemas"]?[Name(type)];
        string[] required = isRequest
            ? [.. kept?["required"]?.AsArray().Select(n => (string)n!) ?? []]
            : [.. WireJson.Readable.GetTypeInfo(type)!.Properties.Where(p => !IsLeftOut(p) && !IsDeprecated(p.Name)).Select(p => p.Name)];
        var schema = new JsonObject { ["type"] = "object" };
        if (kept?["description"] is { } description)
            schema["description"] = description.DeepClone();
        if (required.Length > 0)
            schema["required"] = new JsonArray([.. required.Select(r => (JsonNode)r)]);
        schema["properties"] = new JsonObject(
            properties.Select(p =>
                KeyValuePair.Create(p.Key, (JsonNode?)Property(Name(type), p.Key, p.Value!, kept, isRequest && required.Contains(p.Key)))
            )
        );
        // A client of this version must not break at a field of the next one; the daemon refuses fields that it does not know.
        if (isRequest)
            schema["additionalProperties"] = false;
        return schema;

        // What the next version leaves out is no promise.
        bool IsDeprecated(string name) => (bool?)kept?["properties"]?[name]?["deprecated"] == true;
    }

    private static JsonObject Property(string schema, string name, JsonNode generated, JsonNode? kept, bool mustBeThere)
    {
        var property = (JsonObject)generated.DeepClone();
        property.Remove("default");
        if (mustBeThere && property["type"] is JsonArray types)
            property["type"] = (string)types.First(t => (string)t! != "null")!;
        if (Words.TryGetValue((schema, name), out string[]? words))
        {
            JsonObject holder = property["items"] is JsonObject items ? items : property;
            bool nullable = holder["type"] is JsonArray;
            holder["enum"] = new JsonArray([.. words.Select(w => (JsonNode)w), .. nullable ? new JsonNode?[] { null } : []]);
        }
        foreach (string key in ByHand)
        {
            if (kept?["properties"]?[name]?[key] is { } value && !property.ContainsKey(key))
                property[key] = value.DeepClone();
        }
        return property;
    }

    private JsonObject Reference(Type type, JsonPropertyInfo? property)
    {
        _found.Enqueue(type);
        var reference = new JsonObject { ["$ref"] = Prefix + Name(type) };
        // An element of a list has the list's property, and is never null.
        return property is { IsGetNullable: true } && property.PropertyType == type
            ? new JsonObject { ["anyOf"] = new JsonArray(reference, new JsonObject { ["type"] = "null" }) }
            : reference;
    }

    private static bool IsBody(Type type) => type.Namespace == typeof(WireJson).Namespace && type.Name.EndsWith("Body", StringComparison.Ordinal);

    private static bool IsLeftOut(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), false).OfType<JsonIgnoreAttribute>().Any() == true;
}
