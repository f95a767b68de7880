using System.CommandLine;
using System.CommandLine.Parsing;
using OnlineRlhf.Daemon.Cli.Demo;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>onlinerlhf ask: sends one request, and prints one or two answers.</summary>
internal static class AskVerb
{
    internal static Command Create()
    {
        var text = new Argument<string[]>("request")
        {
            Description = "what to ask; without it, a file or pipe on standard input is read",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var profile = new Option<string?>("--profile") { Description = "whose taste decides" };
        var ask = new Option<string?>("--ask") { Description = WireName.Choice<AskMode>() };
        ask.AcceptOnlyFromAmong(WireName.All<AskMode>());
        var client = new ClientOptions();
        var command = new Command("ask", "Ask for an answer; say which of the two you prefer with onlinerlhf prefer.") { text, profile, ask };
        client.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                string[] words = parsed.GetValue(text) ?? [];
                string request = words.Length > 0 ? string.Join(' ', words) : await ReadInputAsync(cancellationToken).ConfigureAwait(false);
                if (request.Length == 0)
                {
                    Console.Error.WriteLine("onlinerlhf: say what to ask, such as onlinerlhf ask Tell me a joke.");
                    return ExitCode.Usage;
                }
                if (
                    words.FirstOrDefault(w => w.StartsWith("--", StringComparison.Ordinal) && !w.Any(char.IsWhiteSpace)) is { } option
                    && !parsed.Tokens.Any(t => t.Type == TokenType.DoubleDash)
                )
                {
                    Console.Error.WriteLine(
                        $"onlinerlhf: there is no option {option}; see onlinerlhf ask --help, or put -- before a request that holds it"
                    );
                    return ExitCode.Usage;
                }
                using DaemonClient daemon = client.Connect(parsed);
                var body = new RoundRequestBody(
                    [new MessageBody("user", request)],
                    parsed.GetValue(profile),
                    parsed.GetValue(ask),
                    null,
                    null,
                    null,
                    null
                );
                bool json = parsed.GetValue(client.Json);
                await daemon.HealthAsync(cancellationToken).ConfigureAwait(false);
                // A person at a terminal reads along. A file or a program gets the whole.
                var printer = json || Console.IsOutputRedirected ? null : new AnswerPrinter(round => Print(round, Whose()));
                DaemonClient.Reply? reply;
                Screen.Progress("thinking …");
                try
                {
                    reply = printer is null
                        ? await daemon.PostAsync("/v1/rounds", body, WireJson.Readable.RoundRequestBody, cancellationToken).ConfigureAwait(false)
                        : await daemon
                            .PostAsync("/v1/rounds", body with { Stream = true }, WireJson.Readable.RoundRequestBody, printer.Hear, cancellationToken)
                            .ConfigureAwait(false);
                }
                finally
                {
                    Screen.Progress("");
                }
                if (reply is not { } whole)
                    return printer!.Finish();
                if (!whole.Succeeded)
                    return whole.Fail(json);
                RoundBody round = whole.Read(WireJson.Complete.RoundBody);
                if (json)
                    Output.Json(whole.Body);
                else
                    Print(round, Whose());
                return ExitCode.Success;

                // Prefer must find the same daemon and the same profile.
                string Whose() => client.Repeat(parsed) + (parsed.GetValue(profile) is { } name ? $"--profile {name} " : "");
            }
        );
        return command;
    }

    /// <summary>
    /// The content of a file or a pipe on standard input. Reads nothing from a terminal, because a user there would not know that the program waits
    /// for the end of the input.
    /// </summary>
    private static async Task<string> ReadInputAsync(CancellationToken cancellationToken) =>
        Console.IsInputRedirected
            // The console's own asynchronous reading blocks and ignores the token.
            ? (await Task.Run(Console.In.ReadToEnd, CancellationToken.None).WaitAsync(cancellationToken).ConfigureAwait(false)).Trim()
            : "";

    private static void Print(RoundBody round, string whose)
    {
        if (round.Second is null)
        {
            Output.Text(round.First.Text ?? "");
            return;
        }
        Output.Text($"first:\n{Indent(round.First.Text)}\n\nsecond:\n{Indent(round.Second.Text)}\n\nonlinerlhf prefer {whose}{PreferenceWords.Ways}");
    }

    private static string Indent(string? text) => "  " + text?.ReplaceLineEndings("\n  ");
}
