using System.CommandLine;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>onlinerlhf prefer: says which answer of a round is better.</summary>
internal static class PreferVerb
{
    internal static Command Create()
    {
        var preferred = new Argument<string>("preferred") { Description = PreferenceWords.ArgumentList };
        preferred.AcceptOnlyFromAmong(PreferenceWords.Arguments);
        var round = new Option<Guid?>("--round")
        {
            Description = "id of the round; without it, the newest of the profile that waits",
            CustomParser = result =>
                Guid.TryParse(result.Tokens[0].Value, out Guid id) ? id : Refusal.Of<Guid?>(result, "--round must be the id of a round"),
        };
        var profile = new Option<string?>("--profile") { Description = $"whose round it is; without it, {RoundRequest.DefaultProfile}" };
        var client = new ClientOptions();
        var command = new Command("prefer", "Say which of the two answers is better.") { preferred, round, profile };
        client.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                using DaemonClient daemon = client.Connect(parsed);
                bool json = parsed.GetValue(client.Json);
                await daemon.HealthAsync(cancellationToken).ConfigureAwait(false);
                Guid? id = parsed.GetValue(round);
                if (id is null)
                {
                    string name = parsed.GetValue(profile) ?? RoundRequest.DefaultProfile;
                    DaemonClient.Reply current = await daemon
                        .GetAsync($"/v1/rounds/current?profile={Uri.EscapeDataString(name)}", cancellationToken)
                        .ConfigureAwait(false);
                    if (!current.Succeeded)
                        return current.Fail(
                            json,
                            current.Status == StatusCodes.Status404NotFound
                                ? $" To ask first: onlinerlhf ask {(name == RoundRequest.DefaultProfile ? "" : $"--profile {name} ")}…"
                                : ""
                        );
                    id = current.Read(WireJson.Complete.RoundBody).Id;
                }
                string answer = WireName.Of(PreferenceWords.OfArgument(parsed.GetValue(preferred))!.Value);
                DaemonClient.Reply reply = await daemon
                    .PostAsync($"/v1/rounds/{id}/feedback", new FeedbackBody(answer), WireJson.Readable.FeedbackBody, cancellationToken)
                    .ConfigureAwait(false);
                if (!reply.Succeeded)
                    return reply.Fail(json);
                FeedbackResultBody result = reply.Read(WireJson.Complete.FeedbackResultBody);
                if (json)
                    Output.Json(reply.Body);
                else
                    Console.WriteLine(
                        result.Recorded ? $"Recorded; comparison {result.Comparisons} of profile {result.Profile}." : "Skipped; nothing was recorded."
                    );
                return ExitCode.Success;
            }
        );
        return command;
    }
}
