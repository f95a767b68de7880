using System.CommandLine;
using OnlineRlhf.Daemon.Cli.Learn;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.DataSets;
using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>onlinerlhf learn: teaches a profile from a data set of preferences.</summary>
internal static class LearnVerb
{
    internal static Command Create()
    {
        var path = new Argument<string>("file")
        {
            Description =
                "JSON, one object a line or a list of objects with prompt, chosen and rejected, "
                + "plain, gzip or zstd; docs/learn.md describes other shapes",
        };
        var profile = new Option<string?>("--profile") { Description = $"whose taste it tells of; without it, {RoundRequest.DefaultProfile}" };
        var again = new Option<bool>("--again") { Description = "learn a file once more that was wholly learned" };
        var client = new ClientOptions();
        var command = new Command("learn", "Learn from a file of preferences. Stopped or killed, it goes on where it was; nothing is learned twice.")
        {
            path,
            profile,
            again,
        };
        client.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                using DaemonClient daemon = client.Connect(parsed);
                bool json = parsed.GetValue(client.Json);
                string whose = parsed.GetValue(profile) ?? RoundRequest.DefaultProfile,
                    positions = Locations.Positions();
                try
                {
                    PreferenceFile file = await PreferenceFile.OpenAsync(parsed.GetValue(path)!, cancellationToken).ConfigureAwait(false);
                    if (file.Lines == 0)
                        throw new IOException($"{file.Path} is empty: it has no line to learn from.");
                    await daemon.HealthAsync(cancellationToken).ConfigureAwait(false);
                    // The daemon knows its model only once it is loaded. This request waits for that, and fails if the profile's name is wrong.
                    DaemonClient.Reply loaded = await daemon
                        .GetAsync($"/v1/comparisons/{Guid.NewGuid()}?profile={Uri.EscapeDataString(whose)}", cancellationToken)
                        .ConfigureAwait(false);
                    if (!loaded.Succeeded)
                        return loaded.Fail(json);
                    (DaemonClient.Reply reply, HealthBody health) = await daemon.HealthAsync(cancellationToken).ConfigureAwait(false);
                    if (health.Features is not { } dimension)
                        return reply.Fail(json);
                    using var position = new Position(positions, LearningRun.Key(file, whose, daemon.Socket, health.Model));
                    return await new LearningRun(daemon, file, whose, position, json, TimeProvider.System)
                        .RunAsync(parsed.GetValue(again), dimension, cancellationToken)
                        .ConfigureAwait(false);
                }
                catch (RefusedException e)
                {
                    return e.Reply.Fail(json);
                }
            }
        );
        return command;
    }
}
