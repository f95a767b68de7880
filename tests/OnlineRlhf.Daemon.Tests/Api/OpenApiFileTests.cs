using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Daemon.Http.OpenAi;

namespace OnlineRlhf.Daemon.Tests.Api;

/// <summary>docs/openapi.json tells of the paths, types and errors that the daemon has. Its schemas and errors are written from the code.</summary>
public sealed partial class OpenApiFileTests
{
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public void The_schemas_and_errors_are_those_of_the_code()
    {
        JsonObject document = ApiOperation.Document.DeepClone().AsObject(),
            components = document["components"]!.AsObject();
        components["schemas"] = new WireSchemas(ApiOperation.Document).Generate();
        components["responses"] = Responses(ApiOperation.Document["components"]!["responses"]!);
        document["info"]!["version"] = typeof(WireJson).Assembly.GetName().Version!.ToString(3);
        Checkout.MustSay(ApiOperation.File, document.ToJsonString(Written) + "\n");
    }

    [Fact]
    public async Task Every_path_and_method_is_told_and_no_other()
    {
        await using var api = new LiveApi();
        Assert.All(api.Endpoints, e => Assert.Equal(LiveApi.Methods(e).Contains("GET"), LiveApi.Methods(e).Contains("HEAD")));
        Assert.Equal(
            api.Endpoints.Where(e => e.Metadata.GetMetadata<OpenAiEndpoints.Marker>() is null)
                .SelectMany(e => LiveApi.Methods(e).Where(m => m != "HEAD").Select(m => $"{m} {e.RoutePattern.RawText}"))
                .Order(StringComparer.Ordinal),
            ApiOperation.All(ApiOperation.Document).Select(o => $"{o.Method} {o.Path}").Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Every_reference_leads_somewhere_and_every_part_is_used()
    {
        string text = ApiOperation.Document.ToJsonString();
        string[] references = [.. Reference().Matches(text).Select(m => m.Groups[1].Value).Distinct()];
        Assert.All(references, r => ApiOperation.Resolve(new JsonObject { ["$ref"] = r }));
        foreach (string kind in (string[])["schemas", "responses"])
        {
            IEnumerable<string> parts = ApiOperation.Document["components"]![kind]!.AsObject().Select(p => $"#/components/{kind}/{p.Key}");
            // A method that a path does not take belongs to no operation.
            Assert.All(parts.Where(p => p != "#/components/responses/Problem405"), p => Assert.Contains(p, references));
        }
    }

    [Fact]
    public void Every_operation_has_what_the_standard_wants()
    {
        JsonObject document = ApiOperation.Document;
        Assert.Equal("3.1.0", (string)document["openapi"]!);
        Assert.All(["title", "version"], f => Assert.NotNull(document["info"]![f]));
        ApiOperation[] operations = [.. ApiOperation.All(document)];
        Assert.Equal(operations.Length, operations.Select(o => (string)o.Node["operationId"]!).Distinct().Count());
        foreach (ApiOperation operation in operations)
        {
            Assert.Equal(InBraces().Matches(operation.Path).Select(m => m.Groups[1].Value), operation.Parameters("path"));
            JsonArray parameters = operation.Node["parameters"]?.AsArray() ?? [];
            Assert.All(parameters, p => Assert.Equal((string)p!["in"]! == "path", (bool)p["required"]!));
            Assert.All(parameters, p => Assert.NotNull(p!["schema"]));
            JsonObject responses = operation.Node["responses"]!.AsObject();
            Assert.Contains(responses, r => r.Key[0] == '2');
            Assert.All(responses, r => Assert.Matches("^[2-5][0-9][0-9]$", r.Key));
            Assert.All(responses, r => Assert.NotNull(ApiOperation.Resolve(r.Value!)["description"]));
            // An error stands under its own status.
            Assert.All(
                responses.Where(r => r.Value!["$ref"] is not null),
                r => Assert.Equal($"#/components/responses/Problem{r.Key}", (string)r.Value!["$ref"]!)
            );
        }
    }

    [Fact]
    public void Every_field_parameter_and_word_is_explained()
    {
        foreach ((string name, JsonNode? schema) in ApiOperation.Document["components"]!["schemas"]!.AsObject())
            Assert.All(
                schema!["properties"]!.AsObject(),
                p => Assert.False(string.IsNullOrEmpty((string?)p.Value!["description"]), $"{name}.{p.Key}")
            );
        Assert.All(
            ApiOperation.All(ApiOperation.Document).SelectMany(o => o.Node["parameters"]?.AsArray() ?? []),
            p => Assert.NotNull(p!["description"])
        );
    }

    [Fact]
    public void No_two_kinds_of_errors_look_alike() =>
        Assert.Equal(ProblemKind.All.Count, ProblemKind.All.Select(k => (k.Status, k.Reason)).Distinct().Count());

    [Fact]
    public void The_page_for_people_tells_of_the_same_errors()
    {
        string errors = Checkout.Read("docs/http-api.md").Split("## Errors\n")[1].Split("\n## ")[0];
        IEnumerable<(int, string)> told =
            from row in ErrorRow().Matches(errors)
            from reason in Word().Matches(row.Groups[2].Value)
            select (int.Parse(row.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture), reason.Groups[1].Value);
        Assert.Equal(ProblemKind.All.Select(k => (k.Status, k.Reason)).Order(), told.Order());
    }

    [Fact]
    public void The_page_for_people_tells_of_the_same_paths_and_events()
    {
        string page = Checkout.Read("docs/http-api.md");
        Assert.All(
            ApiOperation.All(ApiOperation.Document),
            o =>
                Assert.Matches(
                    $"`{o.Method} {Regex.Replace(Regex.Escape(o.Path), @"\\{(\w+)}", m => m.Groups[1].Value.ToUpperInvariant())}[`?]",
                    page
                )
        );
        string events = page.Split("## Events\n")[1].Split("\n## ")[0];
        Assert.Equal(ApiOperation.Events.Keys, FirstColumn().Matches(events).Select(m => m.Groups[1].Value));
    }

    private static JsonObject Responses(JsonNode file) =>
        new(
            ProblemKind
                .All.GroupBy(k => k.Status)
                .OrderBy(g => g.Key)
                .Select(g => KeyValuePair.Create($"Problem{g.Key}", (JsonNode?)Response(g.Key, g.Select(k => k.Reason), file[$"Problem{g.Key}"])))
        );

    private static JsonObject Response(int status, IEnumerable<string> reasons, JsonNode? kept)
    {
        var response = new JsonObject { ["description"] = (string?)kept?["description"] ?? "" };
        if (kept?["headers"] is { } headers)
            response["headers"] = headers.DeepClone();
        response["content"] = new JsonObject
        {
            ["application/problem+json"] = new JsonObject
            {
                ["schema"] = new JsonObject
                {
                    ["allOf"] = new JsonArray(
                        new JsonObject { ["$ref"] = "#/components/schemas/Problem" },
                        new JsonObject
                        {
                            ["properties"] = new JsonObject
                            {
                                ["status"] = new JsonObject { ["const"] = status },
                                ["reason"] = new JsonObject { ["enum"] = new JsonArray([.. reasons.Select(r => (JsonNode)r)]) },
                            },
                        }
                    ),
                },
            },
        };
        return response;
    }

    [GeneratedRegex("\"\\$ref\":\"([^\"]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex InBraces();

    [GeneratedRegex(@"^\| (\d{3}) \| ([^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex ErrorRow();

    [GeneratedRegex("`([a-z-]+)`")]
    private static partial Regex Word();

    [GeneratedRegex(@"^\| `([a-z.]+)` \|", RegexOptions.Multiline)]
    private static partial Regex FirstColumn();
}
