using System.CommandLine;
using System.Globalization;
using OnlineRlhf.Daemon.Http;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>
/// onlinerlhf status: prints what the daemon is doing. The exit code is 0 when the model is ready, and 75 while it loads or if no daemon runs.
/// </summary>
internal static class StatusVerb
{
    internal static Command Create()
    {
        var client = new ClientOptions();
        var command = new Command("status", "Say how the daemon is.");
        client.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                using DaemonClient daemon = client.Connect(parsed);
                (DaemonClient.Reply reply, HealthBody health) = await daemon.HealthAsync(cancellationToken).ConfigureAwait(false);
                if (parsed.GetValue(client.Json))
                    Output.Json(reply.Body);
                else
                    Print(health);
                return reply.Succeeded ? ExitCode.Success : ExitCode.Transient;
            }
        );
        return command;
    }

    private static void Print(HealthBody health)
    {
        Console.WriteLine($"{health.Status}, version {health.Version}, up {TimeSpan.FromSeconds(health.UptimeSeconds):c}");
        if (health.Board is not null)
            Console.WriteLine($"board      {health.Board}");
        if (health.Model is null)
            return;
        Console.WriteLine($"model      {health.Model}, {Plural.Of(health.Threads ?? 0, "thread")}, context of {health.ContextTokens} tokens");
        if (health.ChatTemplateNote is { } note)
            Console.WriteLine($"template   {note}");
        if (health.Engine is { } engine)
            Console.WriteLine($"engine     {engine.Describe()}");
        if (health.Device is { } device)
            Console.WriteLine($"device     {device.Describe()}");
        if (health.Pace is { } pace)
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"rounds     {pace.Describe()}; a request is read at {pace.PromptTokensPerSecond} tokens/s"
                )
            );
        if (health.Pace?.FirstWord is { } firstWord)
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"first word after {firstWord} s, if the request asks nothing (ask: never)")
            );
        if (health.Thinking is not null)
            Console.WriteLine($"thinking   {health.Thinking}");
        Console.WriteLine($"learner    {health.Features} features");
        Console.WriteLine($"now        {Plural.Of(health.OpenRounds, "open round")}, {Plural.Of(health.Queued, "request")} running or waiting");
    }
}
