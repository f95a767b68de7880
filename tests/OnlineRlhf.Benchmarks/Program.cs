using System.CommandLine;
using OnlineRlhf.Benchmarks.Chat;
using OnlineRlhf.Benchmarks.Daemon;
using OnlineRlhf.Benchmarks.Engine;
using OnlineRlhf.Benchmarks.Learner;
using OnlineRlhf.Benchmarks.Reporting;
using OnlineRlhf.Benchmarks.State;
using OnlineRlhf.Benchmarks.Talk;
using OnlineRlhf.Benchmarks.Tastes;

var json = new Option<string?>("--json") { Description = "file that collects what was measured", Recursive = true };
var directory = new Option<string>("--directory")
{
    Description = "folder on a disk in which state is written; what is made there is deleted",
    Recursive = true,
    DefaultValueFactory = _ => Environment.CurrentDirectory,
};
var threads = new Option<int>("--threads") { Description = "threads that decode; 0 takes the physical cores", Recursive = true };
var pairs = new Option<int>("--pairs")
{
    Description = "engine, chat: how many runs are paired",
    DefaultValueFactory = _ => 9,
    Recursive = true,
};
var daemon = new Option<string>("--daemon")
{
    Description = "daemon: the published program",
    DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "onlinerlhf"),
    Recursive = true,
};
var model = new Option<string?>("--model")
{
    Description = $"tastes: GGUF file; without it {EngineBenchmark.SmolVariable}, else the demo model",
    Recursive = true,
};
var candidates = new Option<string?>("--candidates")
{
    Description = "tastes: file in which the sampled candidates are kept; without it, one in the folder, named by the model",
    Recursive = true,
};
var requests = new Option<int>("--requests")
{
    Description = "tastes: how many of the everyday requests",
    DefaultValueFactory = _ => EverydayRequests.All.Count,
    Recursive = true,
};

var people = new Option<int>("--people")
{
    Description = "steered: people in each condition",
    DefaultValueFactory = _ => 24,
    Recursive = true,
};
var presses = new Option<int>("--presses")
{
    Description = "steered: the last checkpoint, 10, 25 or 100",
    DefaultValueFactory = _ => 100,
    Recursive = true,
};
var forms = new Option<string[]>("--forms")
{
    Description = "steered: which forms: steered, best, or FIRST+BRANCHES/SERVED such as 8+3/6; without it the first two",
    DefaultValueFactory = _ => [],
    Recursive = true,
};
var conditions = new Option<string[]>("--conditions")
{
    Description = "steered: which conditions, such as \"style only\"; without it all",
    DefaultValueFactory = _ => [],
    Recursive = true,
};
var server = new Option<string?>("--llama-server")
{
    Description = "chat: folder with llama.cpp's own server and its libraries, as build-llama-server.sh makes it",
    Recursive = true,
};

(string Name, string Says, Action<Report, ParseResult> Run)[] verbs =
[
    ("update", "One update of the learner against a memory copy of its factor.", (report, _) => UpdateBenchmark.Run(report)),
    ("acknowledge", "A durable acknowledgement against one write + fsync.", (report, p) => AcknowledgeBenchmark.Run(report, p.GetValue(directory)!)),
    ("bytes", "Bytes written for a press, and the size of the state.", (report, p) => BytesBenchmark.Run(report, p.GetValue(directory)!)),
    ("engine", "Candidates per second against a bare decode.", (report, p) => EngineBenchmark.Run(report, p.GetValue(threads), p.GetValue(pairs))),
    (
        "chat",
        "A turn of a conversation beside llama.cpp's own server.",
        (report, p) => ChatBenchmark.Run(report, p.GetValue(server), p.GetValue(directory)!, p.GetValue(threads), p.GetValue(pairs))
    ),
    (
        "daemon",
        "Start, size and memory of the published daemon.",
        (report, p) => DaemonBenchmark.Run(report, p.GetValue(daemon)!, p.GetValue(directory)!)
    ),
    (
        "tastes",
        "Simulated people choose among answers that were sampled once.",
        (report, p) =>
            TasteBenchmark.Run(
                report,
                p.GetValue(model) ?? EngineBenchmark.SmolModel,
                p.GetValue(candidates),
                p.GetValue(directory)!,
                p.GetValue(threads),
                p.GetValue(requests)
            )
    ),
    (
        "steered",
        "Answers that are chosen block by block beside answers that are chosen whole. Takes hours on a real model.",
        (report, p) =>
            SteeredBenchmark.Run(report, p.GetValue(model) ?? EngineBenchmark.SmolModel, p.GetValue(directory)!, p.GetValue(requests), Plan(p))
    ),
    (
        "talk",
        "People who only chat over OpenAI's API, beside people who press. Takes hours.",
        (report, p) => TalkBenchmark.Run(report, p.GetValue(daemon)!, p.GetValue(model), p.GetValue(directory)!, p.GetValue(requests), Plan(p))
    ),
];

var root = new RootCommand(
    "Measures the bars that this project holds itself to. Run it as ./benchmarks.sh, which publishes it and the daemon with Native AOT."
)
{
    json,
    directory,
    threads,
    pairs,
    daemon,
    model,
    candidates,
    requests,
    people,
    presses,
    forms,
    conditions,
    server,
};
foreach ((string name, string says, Action<Report, ParseResult> run) in verbs)
    root.Add(Verb(name, says, [run]));
root.Add(Verb("all", "All of them but steered and talk.", [.. verbs.Where(v => v.Name is not ("steered" or "talk")).Select(v => v.Run)]));
var footprint = new Command(EngineFootprint.Verb) { Hidden = true };
footprint.SetAction(parsed =>
{
    (long all, long dirty) = EngineFootprint.Measure(parsed.GetValue(model));
    Console.WriteLine($"{all} {dirty}");
});
root.Add(footprint);
return root.Parse(args).Invoke();

Command Verb(string name, string says, Action<Report, ParseResult>[] run)
{
    var command = new Command(name, says);
    command.SetAction(parsed =>
    {
        var report = new Report();
        foreach (Action<Report, ParseResult> one in run)
        {
            one(report, parsed);
            // After each: what was measured survives a run that is cut short.
            if (parsed.GetValue(json) is { } path)
                report.Write(path);
        }
    });
    return command;
}

SteeredPlan Plan(ParseResult parsed) =>
    new(
        parsed.GetValue(people),
        parsed.GetValue(presses),
        parsed.GetValue(threads) is > 0 and var workers ? workers : Environment.ProcessorCount,
        parsed.GetValue(forms)!,
        parsed.GetValue(conditions)!
    );
