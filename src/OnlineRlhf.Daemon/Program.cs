using System.CommandLine;
using OnlineRlhf.Daemon;
using OnlineRlhf.Daemon.Cli;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Storage;

var root = new RootCommand("A language model on this device that learns which answers you like. Nothing you say is stored or leaves the device.")
{
    ServeVerb.Create(), DemoVerb.Create(), AskVerb.Create(), PreferVerb.Create(), StatusVerb.Create(),
};
ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
        Console.Error.WriteLine($"onlinerlhf: {OneLine(error.Message)}");
    Console.Error.WriteLine("Try onlinerlhf --help, or onlinerlhf VERB --help.");
    return ExitCode.Usage;
}
try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });
}
catch (Exception e) when (Describe(e) is { } described)
{
    Console.Error.WriteLine($"onlinerlhf: {OneLine(e.Message)}");
    return described;
}

static string OneLine(string message) => string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

static int? Describe(Exception e) => e switch
{
    ConfigurationException or ModelFileException => ExitCode.Configuration,
    InferenceException { Error: InferenceError.Library or InferenceError.Model } => ExitCode.Configuration,
    DaemonRunningException or DaemonUnreachableException => ExitCode.Transient,
    IOException or UnauthorizedAccessException or InferenceException or StateException => ExitCode.Failure,
    OperationCanceledException => ExitCode.Failure,
    _ => null,
};
