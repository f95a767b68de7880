using CsCheck;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Learning.Selection;
using OnlineRlhf.Learning.Tests.Oracles;

namespace OnlineRlhf.Learning.Tests.Selection;

public class ExplorationRuleTests
{
    [Fact]
    public void The_pair_is_that_of_the_dense_formula() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[1, 9], Gen.Int[2, 9], Gen.Double[0, 3])
            .Sample(
                (seed, dimension, count, beta) =>
                {
                    HyperParameters hyperParameters = new(Exploration: beta);
                    OnePassRewardModel model = new(dimension, hyperParameters);
                    ClosedFormModel oracle = new(dimension, hyperParameters);
                    foreach ((float[] z, double label) in RandomStream.Create(seed, dimension, 12))
                    {
                        model.Observe(new Comparison(z, label));
                        oracle.Observe(z, label);
                    }
                    float[][] arms = Arms(seed, count, dimension);
                    Pair pair = ExplorationRule.Select(model, new CandidateFeatures(arms.SelectMany(arm => arm).ToArray(), dimension));

                    double[] scores = [.. arms.Select(arm => (double)DenseMatrix.Dot(arm, oracle.Parameter))];
                    int leader = Array.IndexOf(scores, scores.Max());
                    double[] uncertainties = [.. arms.Select(arm => oracle.Uncertainty([.. arm.Zip(arms[leader], (a, b) => a - b)]))];
                    int challenger = Enumerable.Range(0, count).Where(i => i != leader).MaxBy(i => scores[i] + beta * uncertainties[i]);
                    Assert.Equal((leader, challenger), (pair.Leader, pair.Challenger));
                    Assert.Equal(uncertainties[challenger], pair.Uncertainty, 1e-12);
                },
                iter: 100
            );

    [Fact]
    public void Without_exploration_the_two_best_scores_are_shown()
    {
        OnePassRewardModel model = Model(exploration: 0);
        Assert.Equal((2, 0), Indices(ExplorationRule.Select(model, new CandidateFeatures([3, 1, 0, 9, 4, 0], 2))));
    }

    [Fact]
    public void An_uncertain_direction_beats_a_better_score()
    {
        OnePassRewardModel model = Model(exploration: 2);
        Assert.Equal((2, 1), Indices(ExplorationRule.Select(model, new CandidateFeatures([3, 0, 0, 9, 4, 0], 2))));
    }

    [Fact]
    public void Equal_candidates_give_the_lower_indices_and_no_uncertainty()
    {
        Pair pair = ExplorationRule.Select(Model(exploration: 1), new CandidateFeatures([1, 1, 1, 1, 1, 1], 2));
        Assert.Equal(new Pair(0, 1, 0), pair);
    }

    [Fact]
    public void No_pair_is_chosen_from_what_is_none()
    {
        OnePassRewardModel model = Model(exploration: 1);
        ArgumentException error = Assert.Throws<ArgumentException>(() => ExplorationRule.Select(model, new CandidateFeatures([1, 2], 2)));
        Assert.Contains("at least two", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ExplorationRule.Select(model, default));
        Assert.Throws<ArgumentException>(() => ExplorationRule.Select(model, new CandidateFeatures([1, 2, 3], 1)));
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            error = Assert.Throws<ArgumentException>(() => ExplorationRule.Select(model, new CandidateFeatures([1, 2, bad, 1], 2)));
            Assert.Contains("candidate 1", error.Message, StringComparison.Ordinal);
        }
        Assert.Throws<ArgumentException>(() => ExplorationRule.Select(model, new CandidateFeatures([float.MaxValue, 0, -float.MaxValue, 0], 2)));
    }

    [Fact]
    public void Choosing_allocates_nothing()
    {
        OnePassRewardModel model = new(50, new HyperParameters());
        QuestionRule rule = new(1);
        float[] rows = [.. Arms(1, 8, 50).SelectMany(arm => arm)];
        long before = 0;
        for (int pass = 0; pass < 2; pass++)
        {
            before = GC.GetAllocatedBytesForCurrentThread();
            Pair pair = ExplorationRule.Select(model, new CandidateFeatures(rows, 50));
            rule.IsUseful(model, new CandidateFeatures(rows, 50), pair.Leader, 0);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    // θ = (1, 0) and 𝓗 = diag(100, 1): the second direction is the uncertain one.
    private static OnePassRewardModel Model(double exploration)
    {
        OnePassRewardModel model = new(2, new HyperParameters(Exploration: exploration));
        model.Restore(1, [1, 0], [1, 0], [100, 0, 1]);
        return model;
    }

    private static (int, int) Indices(Pair pair) => (pair.Leader, pair.Challenger);

    private static float[][] Arms(int seed, int count, int dimension)
    {
        Random random = new(seed + 1);
        return [.. Enumerable.Range(0, count).Select(_ => RandomStream.Direction(random, dimension, 1 + random.NextDouble()))];
    }
}
