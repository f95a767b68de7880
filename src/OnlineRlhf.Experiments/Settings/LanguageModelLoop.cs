using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Rules;
using OnlineRlhf.Inference;
using OnlineRlhf.Learning;
using OnlineRlhf.Rounds;
using OnlineRlhf.Simulation;

namespace OnlineRlhf.Experiments.Settings;

/// <summary>The settings of one run of the loop.</summary>
/// <param name="Name">How tables call it.</param>
internal sealed record LoopVariant(string Name)
{
    /// <summary>η, λ and β; null for the daemon's.</summary>
    internal HyperParameters? HyperParameters { get; init; }

    /// <summary>Style hints; null for those that the daemon gives the model.</summary>
    internal IReadOnlyList<string>? Hints { get; init; }

    /// <summary>Whether a client brings comparisons of random pairs. Otherwise the learner asks about a pair of its choice.</summary>
    internal bool IsPassive { get; init; }
}

/// <summary>
/// The language model in the loop: the daemon's own path samples, chooses, stores and learns, and a simulated person with a hidden taste presses.
/// It is measured on requests whose topics nothing was learned on: as the share of the gain that somebody who knows the taste would have over
/// choosing blindly, and as a win rate.
/// </summary>
internal static class LanguageModelLoop
{
    /// <param name="modelPath">A GGUF file; null for the demo model.</param>
    /// <param name="taste">The taste's name.</param>
    /// <param name="variant">What is varied.</param>
    /// <param name="seed">Another seed is another person, other requests and other answers.</param>
    /// <param name="measuredAt">The numbers of presses after which it measures.</param>
    /// <param name="testRequests">How many requests it measures on.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static Outcome Run(
        string? modelPath,
        string taste,
        LoopVariant variant,
        int seed,
        int[] measuredAt,
        int testRequests,
        CancellationToken cancellationToken
    )
    {
        SimulationPlan plan = SimulationPlan.Default;
        using var source = ModelSource.Open(modelPath);
        using LanguageModel model = LanguageModel.Load(
            // Every cell has a model and a core of its own.
            new LanguageModelOptions
            {
                ModelPath = source.Path,
                Threads = 1,
                Candidates = plan.Candidates,
                AnswerTokens = plan.MaxTokens,
                StyleHints = variant.Hints,
            },
            cancellationToken
        );
        string state = Directory.CreateTempSubdirectory("onlinerlhf-experiment-").FullName;
        try
        {
            var options = new RoundOptions { ProfilesStored = int.MaxValue };
            options = options with { HyperParameters = variant.HyperParameters ?? options.HyperParameters };
            using PreferenceLoop loop = PreferenceLoop
                .OpenAsync(model, state, options, TimeProvider.System, cancellationToken: cancellationToken)
                .GetAwaiter()
                .GetResult();
            return MeasureAsync(
                    loop,
                    plan,
                    plan.Taste(taste),
                    variant.IsPassive,
                    options.HyperParameters,
                    seed,
                    measuredAt,
                    testRequests,
                    cancellationToken
                )
                .GetAwaiter()
                .GetResult();
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    private static async Task<Outcome> MeasureAsync(
        PreferenceLoop loop,
        SimulationPlan plan,
        Taste taste,
        bool passive,
        HyperParameters hyperParameters,
        int seed,
        int[] measuredAt,
        int testRequests,
        CancellationToken cancellationToken
    )
    {
        var outcome = new Outcome();
        IReadOnlyList<CandidateSet> tests = await TasteTrial
            .SampleTestSetsAsync(loop, plan, testRequests, seed, cancellationToken)
            .ConfigureAwait(false);
        var trial = new TasteTrial(loop, plan, taste, "person", seed);
        int dimension = loop.FeatureMap.Dimension;
        var refit = new MaximumLikelihoodRewardModel(dimension, hyperParameters.Regularization, MaximumLikelihoodRewardModel.Fastest(dimension));
        foreach (int presses in measuredAt)
        {
            while (trial.Presses < presses)
                await (passive ? trial.SubmitAsync(cancellationToken) : trial.PressAsync(cancellationToken)).ConfigureAwait(false);
            foreach ((float[] difference, double label) in trial.History.Skip((int)refit.Comparisons))
                refit.Observe(new Comparison(difference, label));
            Score score = trial.Measure(tests);
            outcome.Numbers[$"share of gain@{presses}"] = score.ShareOfGain;
            outcome.Numbers[$"percentile@{presses}"] = score.Served;
            (string Served, string Refit, CandidateSet Set)[] answers =
            [
                .. tests.Select(set => (trial.Serve(set), set.Candidates[Ranking.Best(refit, set.Features)].Text, set)),
            ];
            outcome.Numbers[$"win rate@{presses}"] = answers.Average(a => a.Set.Candidates.Average(blind => taste.Preference(a.Served, blind.Text)));
            outcome.Numbers[$"win rate against refit@{presses}"] = answers.Average(a => taste.Preference(a.Served, a.Refit));
            outcome.Numbers[$"same as refit@{presses}"] = answers.Average(a => a.Served == a.Refit ? 1.0 : 0);
        }
        return outcome;
    }
}
