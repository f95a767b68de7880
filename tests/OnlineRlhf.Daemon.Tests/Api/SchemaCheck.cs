using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace OnlineRlhf.Daemon.Tests.Api;

/// <summary>Holds a value against a schema, with the keywords that docs/openapi.json uses; another keyword is an error.</summary>
internal static class SchemaCheck
{
    private static readonly HashSet<string> Notes = ["description", "deprecated", "format"];

    internal static void MustFit(JsonNode? value, JsonNode schema) =>
        Assert.True(Problem(value, schema, "$") is not { } problem, Problem(value, schema, "$"));

    private static string? Problem(JsonNode? value, JsonNode schema, string at)
    {
        foreach ((string keyword, JsonNode? rule) in schema.AsObject())
        {
            if (!Notes.Contains(keyword) && Problem(value, keyword, rule!, schema, at) is { } problem)
                return problem;
        }
        return null;
    }

    private static string? Problem(JsonNode? value, string keyword, JsonNode rule, JsonNode schema, string at) =>
        keyword switch
        {
            "$ref" => Problem(value, ApiOperation.Resolve(schema), at),
            "allOf" => rule.AsArray().Select(s => Problem(value, s!, at)).FirstOrDefault(p => p is not null),
            "anyOf" => rule.AsArray().Any(s => Problem(value, s!, at) is null) ? null : $"{at} fits none of its schemas: {value?.ToJsonString()}",
            "type" => (rule is JsonArray many ? many.Select(t => (string)t!) : [(string)rule!]).Any(t => Is(value, t))
                ? null
                : $"{at} is no {rule}: {value?.ToJsonString()}",
            "enum" => rule.AsArray().Any(w => JsonNode.DeepEquals(w, value))
                ? null
                : $"{at} is none of {rule.ToJsonString()}: {value?.ToJsonString()}",
            "const" => JsonNode.DeepEquals(rule, value) ? null : $"{at} is not {rule.ToJsonString()}",
            "minimum" => value is null || (double)value.AsValue() >= (double)rule ? null : $"{at} is too small",
            "maximum" => value is null || (double)value.AsValue() <= (double)rule ? null : $"{at} is too large",
            "pattern" => value is null || Regex.IsMatch((string)value!, (string)rule!) ? null : $"{at} does not match {rule}",
            "required" => value is not JsonObject whole ? null
            : rule.AsArray().FirstOrDefault(r => !whole.ContainsKey((string)r!)) is { } missing ? $"{at} lacks {missing}"
            : null,
            "properties" => value is not JsonObject parts
                ? null
                : parts
                    .Where(p => rule.AsObject().ContainsKey(p.Key))
                    .Select(p => Problem(p.Value, rule[p.Key]!, $"{at}.{p.Key}"))
                    .Concat(
                        // The file is to tell of every field, also where clients must bear further ones.
                        schema["type"] is null
                            ? []
                            : parts.Where(p => !rule.AsObject().ContainsKey(p.Key)).Select(p => $"{at} has {p.Key}, which is not told of")
                    )
                    .FirstOrDefault(p => p is not null),
            "items" => value is not JsonArray list ? null : list.Select((v, i) => Problem(v, rule, $"{at}[{i}]")).FirstOrDefault(p => p is not null),
            "additionalProperties" => (bool)rule ? "only false is understood here" : null,
            _ => $"{at}: the keyword {keyword} is not understood here",
        };

    private static bool Is(JsonNode? value, string type) =>
        (type, value?.GetValueKind()) switch
        {
            ("null", null or JsonValueKind.Null) => true,
            ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) => true,
            ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
            ("number", JsonValueKind.Number) => true,
            ("integer", JsonValueKind.Number) => double.IsInteger((double)value!.AsValue()),
            _ => false,
        };
}
