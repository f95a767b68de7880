using System.CommandLine;
using OnlineRlhf.Daemon.Http;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>onlinerlhf prefer: which answer of a round is better.</summary>
internal static class PreferVerb
{
    internal static Command Create()
    {
        var preferred = new Argument<string>("preferred") { Description = "first, second, tie or skip" };
        preferred.AcceptOnlyFromAmong("first", "second", "tie", "skip");
        var round = new Option<Guid?>("--round") { Description = "id of the round; without it, the newest that waits" };
        var profile = new Option<string?>("--profile") { Description = "the open round of this profile" };
        var client = new ClientOptions();
        var command = new Command("prefer", "Say which of the two answers is better.") { preferred, round, profile };
        client.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using DaemonClient daemon = client.Connect(parsed);
            bool json = parsed.GetValue(client.Json);
            Guid? id = parsed.GetValue(round);
            if (id is null)
            {
                string query = parsed.GetValue(profile) is { } name ? $"?profile={Uri.EscapeDataString(name)}" : "";
                DaemonClient.Reply current = await daemon.GetAsync("/v1/rounds/current" + query, cancellationToken).ConfigureAwait(false);
                if (!current.Succeeded)
                    return current.Fail(json);
                id = current.Read(WireJson.Default.RoundBody).Id;
            }
            DaemonClient.Reply reply = await daemon.PostAsync($"/v1/rounds/{id}/feedback", new FeedbackBody(parsed.GetValue(preferred)), WireJson.Default.FeedbackBody, cancellationToken).ConfigureAwait(false);
            if (!reply.Succeeded)
                return reply.Fail(json);
            if (json)
            {
                Console.WriteLine(reply.Body);
                return ExitCode.Success;
            }
            FeedbackResultBody result = reply.Read(WireJson.Default.FeedbackResultBody);
            Console.WriteLine(result.Learned ? $"Learned; comparison {result.Comparisons} of profile {result.Profile}." : "Skipped; nothing was recorded.");
            return ExitCode.Success;
        });
        return command;
    }
}
