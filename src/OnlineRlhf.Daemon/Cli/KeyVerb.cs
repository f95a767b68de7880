using System.CommandLine;
using System.Text.Json;
using OnlineRlhf.Daemon.Http.OpenAi;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>onlinerlhf key add, list and remove: the keys of clients that connect over TCP.</summary>
internal static class KeyVerb
{
    private const string Path = "/v1/keys";

    internal static Command Create() => new("key", "Make and remove the keys of clients that connect over TCP.") { Add(), List(), Remove() };

    private static Command Add()
    {
        var name = new Argument<string>("NAME") { Description = "the key's name, such as the person's" };
        var profile = new Option<string?>("--profile") { Description = "whose taste decides; without it, the profile with the key's name" };
        var anyProfile = new Option<bool>("--any-profile") { Description = "requests may name other profiles too" };
        var noTalk = new Option<bool>("--no-talk") { Description = "nothing is learned from conversations" };
        var client = new ClientOptions();
        var command = new Command("add", "Make a key. It is printed once, alone on standard output.") { name, profile, anyProfile, noTalk };
        client.AddSocketTo(command);
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    client.Connect(parsed),
                    daemon => daemon.PostAsync(Path, Body(parsed), cancellationToken),
                    (key, _) =>
                    {
                        Console.WriteLine(Text(key, "key"));
                        Console.Error.WriteLine(
                            $"This is the key {Text(key, "name")}, for the profile {Text(key, "profile")}. It is not shown again."
                        );
                    },
                    json: false,
                    cancellationToken
                )
        );
        return command;

        byte[] Body(ParseResult parsed) =>
            OpenAiJson.Object(json =>
            {
                json.WriteString("name", parsed.GetValue(name));
                json.WriteString("profile", parsed.GetValue(profile));
                json.WriteBoolean("any_profile", parsed.GetValue(anyProfile));
                json.WriteBoolean("talk", !parsed.GetValue(noTalk));
            });
    }

    private static Command List()
    {
        var client = new ClientOptions();
        var command = new Command("list", "List the keys, without their texts.");
        client.AddTo(command);
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    client.Connect(parsed),
                    daemon => daemon.GetAsync(Path, cancellationToken),
                    (keys, sent) =>
                    {
                        if (parsed.GetValue(client.Json))
                            Output.Json(sent);
                        else if (RequestFields.Any(keys, "keys") is { ValueKind: JsonValueKind.Array } list)
                            Print(list);
                    },
                    parsed.GetValue(client.Json),
                    cancellationToken
                )
        );
        return command;
    }

    private static Command Remove()
    {
        var name = new Argument<string>("NAME") { Description = "the key's name" };
        var client = new ClientOptions();
        var command = new Command("remove", "Remove a key. What its client is reading just then ends.") { name };
        client.AddSocketTo(command);
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(
                    client.Connect(parsed),
                    daemon => daemon.DeleteAsync($"{Path}/{Uri.EscapeDataString(parsed.GetValue(name)!)}", cancellationToken),
                    (key, _) => Console.WriteLine($"Removed. What profile {Text(key, "profile")} has learned stays."),
                    json: false,
                    cancellationToken
                )
        );
        return command;
    }

    /// <summary>Sends a request, and prints the response, which is given as an object and as it was sent.</summary>
    private static async Task<int> RunAsync(
        DaemonClient daemon,
        Func<DaemonClient, Task<DaemonClient.Reply>> send,
        Action<JsonElement, string> print,
        bool json,
        CancellationToken cancellationToken
    )
    {
        using (daemon)
        {
            await daemon.HealthAsync(cancellationToken).ConfigureAwait(false);
            DaemonClient.Reply reply = await send(daemon).ConfigureAwait(false);
            if (!reply.Succeeded)
                return reply.Fail(json);
            print(reply.Read(), reply.Body);
            return ExitCode.Success;
        }
    }

    private static void Print(JsonElement keys)
    {
        foreach (JsonElement key in keys.EnumerateArray())
        {
            string more = (IsSet(key, "any_profile") ? ", may name other profiles" : "") + (IsSet(key, "talk") ? "" : ", its talk teaches nothing");
            Console.WriteLine($"{Text(key, "name"), -20} profile {Text(key, "profile")}, made on {Text(key, "created")}{more}");
        }
        if (keys.GetArrayLength() == 0)
            Console.WriteLine("There is no key: onlinerlhf key add NAME makes one.");
    }

    private static string? Text(JsonElement key, string field) =>
        RequestFields.Any(key, field) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static bool IsSet(JsonElement key, string field) => RequestFields.Any(key, field) is { ValueKind: JsonValueKind.True };
}
