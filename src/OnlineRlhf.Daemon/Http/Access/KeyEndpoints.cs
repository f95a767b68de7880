using System.Globalization;
using System.Text.Json;
using OnlineRlhf.Daemon.Http.OpenAi;
using OnlineRlhf.Rounds;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Http.Access;

/// <summary>POST and GET /v1/keys, DELETE /v1/keys/{name}: the keys of clients that connect over TCP.</summary>
internal static class KeyEndpoints
{
    internal static void MapKeys(this WebApplication app, KeyStore keys)
    {
        app.MapPost(
                "/v1/keys",
                async context =>
                {
                    byte[] sent = await RoundEndpoints.Read(context, RoundEndpoints.LargestBody).ConfigureAwait(false);
                    var body = RequestFields.Parse(BodyEncoding.Utf8(context.Request, sent));
                    body.RequireOnly("name", "profile", "any_profile", "talk");
                    string name = RequireName(body.Text("name"));
                    string profile = body.Text("profile") ?? name;
                    RoundRequest.RequireName(profile);
                    (AccessKey key, string text) = keys.Add(name, profile, body.Flag("any_profile") ?? false, body.Flag("talk") ?? true);
                    context.Response.StatusCode = StatusCodes.Status201Created;
                    context.Response.Headers.CacheControl = "no-store";
                    await OpenAiJson
                        .Write(
                            context,
                            OpenAiJson.Object(json =>
                            {
                                Write(json, key);
                                json.WriteString("key", text);
                            })
                        )
                        .ConfigureAwait(false);
                }
            )
            .WithMetadata(new ControlRoute());

        app.MapRead(
                "/v1/keys",
                context =>
                    OpenAiJson.Write(
                        context,
                        OpenAiJson.Object(json =>
                        {
                            json.WriteStartArray("keys");
                            foreach (HeldKey held in keys.All.OrderBy(k => k.Key.Name, StringComparer.Ordinal))
                            {
                                json.WriteStartObject();
                                Write(json, held.Key);
                                json.WriteEndObject();
                            }
                            json.WriteEndArray();
                        })
                    )
            )
            .WithMetadata(new ControlRoute());

        app.MapDelete(
                "/v1/keys/{name}",
                context =>
                {
                    AccessKey removed = keys.Remove((string)context.Request.RouteValues["name"]!);
                    return OpenAiJson.Write(context, OpenAiJson.Object(json => Write(json, removed)));
                }
            )
            .WithMetadata(new ControlRoute());
    }

    private static string RequireName(string? name) =>
        name is not null && RoundRequest.IsName(name)
            ? name
            : throw new BadHttpRequestException(
                "name must be the key's name: 1 to 64 letters, digits, dots, dashes or underscores, beginning with a letter or digit."
            );

    private static void Write(Utf8JsonWriter json, AccessKey key)
    {
        json.WriteString("name", key.Name);
        json.WriteString("profile", key.Profile);
        json.WriteString("id", key.Id.ToString());
        json.WriteString("created", key.Created.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        json.WriteBoolean("any_profile", key.MayNameProfiles);
        json.WriteBoolean("talk", key.IsTalkLearned);
    }
}
