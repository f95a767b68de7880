using System.CommandLine;
using System.CommandLine.Parsing;
using OnlineRlhf.Daemon;
using OnlineRlhf.Daemon.Cli;
using OnlineRlhf.Daemon.Cli.Watch;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Rounds;
using OnlineRlhf.Storage;

RootCommand root = CommandTree.Create();
try
{
    // The library would read a word that begins with @ as the name of a file with arguments.
    ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
    if (parsed.Errors.Count > 0)
    {
        string verb = "";
        for (CommandResult? part = parsed.CommandResult; part is not null && part.Command != root; part = part.Parent as CommandResult)
            verb = $"{part.Command.Name} {verb}";
        Console.Error.WriteLine($"onlinerlhf: {OneLine(WhatIsWrong(parsed, verb.Length > 0))}; see onlinerlhf {verb}--help");
        return ExitCode.Usage;
    }
    return await Invocation.RunAsync(parsed);
}
catch (Exception e)
{
    int? described = Describe(e);
    // An unexpected exception is a bug. Its type helps whoever reads the bug report; a stack trace would not help the user.
    string says = e is OperationCanceledException { CancellationToken.IsCancellationRequested: true } ? "Stopped." : OneLine(e.Message);
    try
    {
        Console.Error.WriteLine($"{Journal.Error}onlinerlhf: {(described is null ? $"unexpected {e.GetType()}: " : "")}{says}");
    }
    catch (IOException)
    {
        // Nobody can read the message: the terminal was closed, or the disk that holds the log is full.
    }
    if (described == ExitCode.Configuration && args is [ServeVerb.Name, ..])
        PassedSockets.RefuseWaiting(Problems.CannotStart(OneLine(e.Message)), Problems.CannotStart("The daemon cannot start: its log says why."));
    return described ?? ExitCode.Failure;
}

static string WhatIsWrong(ParseResult parsed, bool hasVerb) =>
    parsed.UnmatchedTokens switch
    {
        [['-', ..] option, ..] => $"there is no option {option.Split('=')[0]}",
        [var word, ..] => hasVerb ? $"{word} is one word too many" : $"there is no command {word}",
        _ when hasVerb && parsed.CommandResult.Command is { Subcommands: [_, ..] parts } verb =>
            $"say what to do: {string.Join(" or ", parts.Select(p => $"onlinerlhf {verb.Name} {p.Name}"))}",
        _ => hasVerb ? parsed.Errors[0].Message.TrimEnd('.') : "say what to do, such as onlinerlhf demo",
    };

static string OneLine(string message) => TerminalText.Line(message);

static int? Describe(Exception e) =>
    e switch
    {
        ConfigurationException or ModelFileException => ExitCode.Configuration,
        InferenceException { Error: not (InferenceError.Decode or InferenceError.Device) } => ExitCode.Configuration,
        DaemonUnreachableException { Forbidden: true } => ExitCode.Failure,
        DaemonRunningException or DaemonUnreachableException => ExitCode.Transient,
        IOException or UnauthorizedAccessException or InferenceException or StateException or RoundException => ExitCode.Failure,
        OperationCanceledException => ExitCode.Failure,
        _ => null,
    };
