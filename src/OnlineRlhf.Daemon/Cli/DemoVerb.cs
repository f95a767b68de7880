using System.CommandLine;
using OnlineRlhf.Daemon.Cli.Demo;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Engine;
using OnlineRlhf.Inference;
using OnlineRlhf.Rounds;
using OnlineRlhf.Simulation;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>onlinerlhf demo: a simulated person with a hidden taste presses buttons, and the answers change to suit it.</summary>
internal static class DemoVerb
{
    private static readonly string[] ModelSettings =
    [
        "model",
        "natives",
        "threads",
        "context",
        "chat_template",
        "style_hints",
        "step_size",
        "regularization",
        "exploration",
    ];

    internal static Command Create()
    {
        SimulationPlan plan = SimulationPlan.Default;
        var taste = new Option<string>("--taste")
        {
            Description =
                $"{string.Join(", ", plan.Tastes.Keys)}; any of them, by the seed; "
                + "random, a mixture that nobody named; or all, a table of every named one",
            DefaultValueFactory = _ => "any",
        };
        var seed = new Option<int>("--seed")
        {
            Description = "another seed is another person, other requests and other answers",
            DefaultValueFactory = _ => 1,
            CustomParser = Refusal.Whole("--seed"),
        };
        var seeds = new Option<int>("--seeds")
        {
            Description = "how many seeds the table averages",
            DefaultValueFactory = _ => 1,
            CustomParser = Refusal.Whole("--seeds"),
        };
        var presses = new Option<int>("--presses")
        {
            Description = "button presses; 0 takes 50, or 25 for a real model",
            DefaultValueFactory = _ => 0,
            CustomParser = Refusal.Whole("--presses"),
        };
        var json = new Option<bool>("--json") { Description = "print numbers as JSON" };
        var settings = new SettingOptions();
        var command = new Command("demo", "Watch the answers turn to a hidden taste, with the embedded model and a simulated person.")
        {
            taste,
            seed,
            seeds,
            presses,
            json,
        };
        settings.AddTo(command, Setting.All.Where(s => ModelSettings.Contains(s.Key)));
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                string wanted = parsed.GetValue(taste)!;
                int pressCount = parsed.GetValue(presses),
                    seedCount = parsed.GetValue(seeds);
                if (!plan.Tastes.ContainsKey(wanted) && wanted is not ("any" or "random" or "all"))
                    return Refuse($"there is no taste {wanted}: use one of {string.Join(", ", plan.Tastes.Keys)}, any, random or all.");
                if (seedCount != 1 && wanted != "all")
                    return Refuse("--seeds averages a table: use it with --taste all.");
                if (pressCount is < 0 or > 2000 || seedCount is < 1 or > 1000)
                    return Refuse("--presses takes 0 to 2000, --seeds 1 to 1000.");
                DaemonOptions options = settings.Read(parsed);
                using var source = ModelSource.Open(options.Model);
                options.Candidates = plan.Candidates;
                options.MaxTokens = plan.MaxTokens;
                var machine = new EngineSetup(options, source.Path, Locations.StateOrNone());
                EngineChoice? choice = machine.Kept() ?? await machine.TryAsync(static (_, _) => { }, cancellationToken).ConfigureAwait(false);
                using LanguageModel model = LanguageModel.Load(EngineSetup.Apply(choice, options.ForModel(source.Path)), cancellationToken);
                pressCount =
                    pressCount > 0 ? pressCount
                    : options.Model is null ? 50
                    : 25;
                string state = Directory.CreateTempSubdirectory("onlinerlhf-demo-").FullName;
                try
                {
                    RoundOptions rounds = options.ForRounds() with
                    {
                        // The demo must show the same on every machine, so no clock may cut its rounds.
                        TimeTarget = null,
                        FirstWordTarget = null,
                        // A table uses each profile only once, so none has to stay in memory.
                        ProfilesInMemory = 1,
                        ProfilesStored = int.MaxValue,
                    };
                    using PreferenceLoop loop = await PreferenceLoop
                        .OpenAsync(model, state, rounds, TimeProvider.System, cancellationToken: cancellationToken)
                        .ConfigureAwait(false);
                    var demonstration = new Demonstration(loop, model, plan, pressCount, source.IsEmbedded);
                    if (wanted == "all")
                        await demonstration
                            .TableAsync(seedCount, parsed.GetValue(seed), parsed.GetValue(json), cancellationToken)
                            .ConfigureAwait(false);
                    else
                        await demonstration
                            .ShowAsync(Pick(plan, wanted, parsed.GetValue(seed)), parsed.GetValue(seed), parsed.GetValue(json), cancellationToken)
                            .ConfigureAwait(false);
                    return ExitCode.Success;
                }
                finally
                {
                    Screen.Progress("");
                    Directory.Delete(state, recursive: true);
                }
            }
        );
        return command;
    }

    private static Taste Pick(SimulationPlan plan, string wanted, int seed) =>
        wanted switch
        {
            "any" => plan.AnyTaste(seed),
            "random" => SimulationPlan.RandomTaste(seed),
            _ => plan.Taste(wanted),
        };

    private static int Refuse(string reason)
    {
        Console.Error.WriteLine($"onlinerlhf: {reason}");
        return ExitCode.Usage;
    }
}
