using System.Globalization;
using System.Text.Json;
using OnlineRlhf.Inference;
using OnlineRlhf.Rounds;
using OnlineRlhf.Simulation;

namespace OnlineRlhf.Daemon.Cli.Demo;

/// <summary>Lets simulated people press buttons, and shows how the answers change.</summary>
internal sealed class Demonstration(PreferenceLoop loop, LanguageModel model, SimulationPlan plan, int presses, bool isDemoModel)
{
    private const int Shown = 3,
        Examples = 2;

    // A real model takes seconds per request. Fewer test requests keep the demo under two minutes.
    private readonly int _testRequests = isDemoModel ? 54 : 10;
    private readonly int[] _checkpoints = [.. new[] { 0, 5, 10, 15, 25, 35, 50, 75, 100, 150, 250 }.Where(c => c < presses), presses];

    /// <summary>Shows one simulated person in words and numbers.</summary>
    internal async Task ShowAsync(Taste taste, int seed, bool json, CancellationToken cancellationToken)
    {
        TextWriter text = json ? TextWriter.Null : Output.Out;
        text.WriteLine(Screen.Bold("A language model learns what somebody likes, from button presses alone."));
        text.WriteLine();
        text.WriteLine($"The model is {PlainText.Line(model.Name)}, on {Plural.Of(model.Threads, "core")} of this machine.");
        text.WriteLine("The person is simulated: somebody with a hidden taste, who is shown two answers and presses 1 or 2");
        text.WriteLine("for the better one, and presses wrong now and then. What do you think this person likes?");
        text.WriteLine();
        Screen.Progress("sampling answers to measure on ...");
        IReadOnlyList<CandidateSet> tests = await TasteTrial
            .SampleTestSetsAsync(loop, plan, _testRequests, seed, cancellationToken)
            .ConfigureAwait(false);
        Screen.Progress("");
        var trial = new TasteTrial(loop, plan, taste, "person", seed);
        // Choose examples that can improve: if the untrained model already serves the best answer, there is nothing to see.
        CandidateSet[] examples = [.. tests.Where(t => taste.Utility(trial.Serve(t)) < t.Candidates.Max(c => taste.Utility(c.Text))).Take(Examples)];
        string[] before = [.. examples.Select(trial.Serve)];
        var rounds = new RoundPrinter(loop);
        text.WriteLine(Screen.Bold(presses <= Shown ? Plural.Of(presses, "press", "presses") : $"The first {Shown} of {presses} presses"));
        List<Checkpoint> measured = [];
        foreach (int checkpoint in _checkpoints)
        {
            while (trial.Presses < checkpoint)
            {
                if (trial.Presses < Shown && !json)
                    await rounds.PressAsync(trial, cancellationToken).ConfigureAwait(false);
                else
                    await trial.PressAsync(cancellationToken).ConfigureAwait(false);
                Screen.Progress($"{trial.Presses} of {presses} presses ...");
            }
            measured.Add(Checkpoint.Of(checkpoint, trial.Measure(tests)));
        }
        Screen.Progress("");
        if (json)
        {
            var report = new DemoReport(model.Name, taste.Name, taste.Description, seed, tests.Count, measured);
            Output.Json(JsonSerializer.Serialize(report, DemoJson.Default.DemoReport));
            return;
        }
        WriteCurve(text, measured, tests.Count, trial.Measure(tests).Chance);
        text.WriteLine();
        text.WriteLine(
            Screen.Bold("Before and after")
                + Screen.Dim("  (two requests on topics that no press was about, whose first answer could have been better)")
        );
        for (int i = 0; i < examples.Length; i++)
        {
            text.WriteLine();
            text.WriteLine(RoundPrinter.Quote(examples[i].Request.Messages[^1].Content));
            Screen.Answer("before", before[i]);
            await rounds.AnswerAsync("after", trial, examples[i], cancellationToken).ConfigureAwait(false);
        }
        text.WriteLine();
        text.WriteLine($"The hidden taste was: {Screen.Bold(taste.Description)}. It was never told, only pressed.");
        text.WriteLine("What was kept of all this is one vector and one matrix of fixed size; no word that was said.");
    }

    /// <summary>Prints the share of the possible gain for every named taste, averaged over seeds.</summary>
    internal async Task TableAsync(int seeds, int firstSeed, bool json, CancellationToken cancellationToken)
    {
        var sums = plan.Tastes.Keys.ToDictionary(t => t, _ => _checkpoints.Select(_ => new List<Score>()).ToArray());
        int testRequests = 0;
        for (int seed = firstSeed; seed < firstSeed + seeds; seed++)
        {
            IReadOnlyList<CandidateSet> tests = await TasteTrial
                .SampleTestSetsAsync(loop, plan, _testRequests, seed, cancellationToken)
                .ConfigureAwait(false);
            testRequests = tests.Count;
            foreach (string name in plan.Tastes.Keys)
            {
                var trial = new TasteTrial(loop, plan, plan.Taste(name), $"{name}-{seed}", seed);
                for (int c = 0; c < _checkpoints.Length; c++)
                {
                    while (trial.Presses < _checkpoints[c])
                    {
                        await trial.PressAsync(cancellationToken).ConfigureAwait(false);
                        Screen.Progress($"seed {seed - firstSeed + 1} of {seeds}, {name}: {trial.Presses} of {presses} presses ...");
                    }
                    sums[name][c].Add(trial.Measure(tests));
                }
            }
        }
        Screen.Progress("");
        TasteRow[] rows =
        [
            .. plan.Tastes.Select(t => new TasteRow(
                t.Key,
                t.Value.Description,
                [.. _checkpoints.Select((presses, c) => Checkpoint.Of(presses, Score.Mean(sums[t.Key][c])))]
            )),
        ];
        // Average the shares instead of computing the share of averages, so that every taste counts alike.
        var mean = new TasteRow(
            "mean",
            "mean over tastes",
            [
                .. _checkpoints.Select(
                    (presses, c) =>
                        new Checkpoint(
                            presses,
                            rows.Average(r => r.Checkpoints[c].PreferredKindServed),
                            rows.Average(r => r.Checkpoints[c].ServedPercentile),
                            rows.Average(r => r.Checkpoints[c].AllKnowingPercentile),
                            rows.Average(r => r.Checkpoints[c].ShareOfGain)
                        )
                ),
            ]
        );
        if (json)
            Output.Json(
                JsonSerializer.Serialize(new TableReport(model.Name, seeds, firstSeed, testRequests, rows, mean), DemoJson.Default.TableReport)
            );
        else
            WriteTable(rows, mean, seeds, testRequests);
    }

    private static void WriteCurve(TextWriter text, List<Checkpoint> measured, int tests, double chance)
    {
        text.WriteLine();
        text.WriteLine(
            Screen.Bold("How often the kind of answer this person likes best is served")
                + Screen.Dim($"  ({tests} requests on topics never learned on)")
        );
        text.WriteLine();
        text.WriteLine("  presses  " + string.Concat(measured.Select(c => c.Presses.ToString(CultureInfo.InvariantCulture).PadLeft(6))));
        string shares = string.Concat(measured.Select(c => Screen.Percent(c.PreferredKindServed).PadLeft(6)));
        text.WriteLine($"  served   {shares}   {Screen.Sparkline(measured.Select(c => c.PreferredKindServed))}");
        text.WriteLine();
        text.WriteLine($"  Choosing blindly would serve it in {Screen.Percent(chance)} of the cases, somebody who knows the taste in all.");
    }

    private static void WriteTable(TasteRow[] rows, TasteRow mean, int seeds, int tests)
    {
        Console.WriteLine(
            "How far the served answers have come, after so many presses: 0 is chance, 1 what somebody who knows the taste would serve"
        );
        Console.WriteLine($"from the same candidates. Mean of {Plural.Of(seeds, "seed")}, {tests} requests each on topics never learned on.");
        Console.WriteLine();
        string presses = string.Concat(mean.Checkpoints.Select(c => c.Presses.ToString(CultureInfo.InvariantCulture).PadLeft(7)));
        Console.WriteLine($"{"taste", -10}{presses}   percentile of the answer that somebody who knows the taste serves");
        foreach (TasteRow row in rows.Append(mean))
        {
            string shares = string.Concat(row.Checkpoints.Select(c => c.ShareOfGain.ToString("F2", CultureInfo.InvariantCulture).PadLeft(7)));
            Console.WriteLine($"{row.Taste, -10}{shares}   {row.Checkpoints[^1].AllKnowingPercentile:F3}");
        }
    }
}
