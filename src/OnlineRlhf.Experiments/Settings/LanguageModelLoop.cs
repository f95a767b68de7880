using OnlineRlhf.Inference;
using OnlineRlhf.Learning;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Simulation;

namespace OnlineRlhf.Experiments.Settings;

/// <summary>
/// The language model in the loop: the daemon's own path samples, chooses, stores and learns, and a simulated person with a hidden taste presses. Measured on requests
/// whose topics were never learned on, as the share of what somebody who knows the taste would gain over choosing blindly.
/// </summary>
internal static class LanguageModelLoop
{
    /// <param name="modelPath">A GGUF file; null for the demo model.</param>
    /// <param name="taste">The taste's name.</param>
    /// <param name="hyperParameters">η, λ and β; null for the daemon's.</param>
    /// <param name="hints">Style hints; null for those that the daemon gives the model.</param>
    /// <param name="seed">Another seed is another person, other requests and other answers.</param>
    /// <param name="measuredAt">Presses after which is measured.</param>
    /// <param name="testRequests">Requests that are measured on.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static Outcome Run(string? modelPath, string taste, HyperParameters? hyperParameters, IReadOnlyList<string>? hints, int seed, int[] measuredAt, int testRequests, CancellationToken cancellationToken)
    {
        SimulationPlan plan = SimulationPlan.Default;
        using DemoModel? embedded = modelPath is null ? DemoModel.Open() : null;
        using LanguageModel model = LanguageModel.Load(
            // Every cell has a model of its own, and a core.
            new LanguageModelOptions { ModelPath = modelPath ?? embedded!.Path, Threads = 1, Candidates = plan.Candidates, AnswerTokens = plan.MaxTokens, StyleHints = hints }, cancellationToken);
        string state = Directory.CreateTempSubdirectory("onlinerlhf-experiment-").FullName;
        try
        {
            var options = new RoundOptions { ProfilesStored = int.MaxValue };
            using var loop = new PreferenceLoop(model, state, options with { HyperParameters = hyperParameters ?? options.HyperParameters }, TimeProvider.System, cancellationToken: cancellationToken);
            return MeasureAsync(loop, plan, plan.Taste(taste), seed, measuredAt, testRequests, cancellationToken).GetAwaiter().GetResult();
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    private static async Task<Outcome> MeasureAsync(PreferenceLoop loop, SimulationPlan plan, Taste taste, int seed, int[] measuredAt, int testRequests, CancellationToken cancellationToken)
    {
        var outcome = new Outcome();
        IReadOnlyList<CandidateSet> tests = await TasteTrial.SampleTestSetsAsync(loop, plan, testRequests, seed, cancellationToken).ConfigureAwait(false);
        var trial = new TasteTrial(loop, plan, taste, "person", seed);
        foreach (int presses in measuredAt)
        {
            while (trial.Presses < presses)
                _ = await trial.PressAsync(cancellationToken).ConfigureAwait(false);
            Score score = trial.Measure(tests);
            outcome.Numbers[$"share of gain@{presses}"] = score.ShareOfGain;
            outcome.Numbers[$"percentile@{presses}"] = score.Served;
        }
        return outcome;
    }
}
