namespace OnlineRlhf.Experiments.Tests.Learners;

/// <summary>What every learner keeps: score and observe.</summary>
public sealed class RewardModelContract
{
    public static TheoryData<string> Learners => AllLearners.Names;

    [Theory]
    [MemberData(nameof(Learners))]
    public void It_starts_knowing_nothing(string learner)
    {
        IRewardModel model = AllLearners.Create(learner);
        Assert.Equal((3, 0), (model.Dimension, model.Comparisons));
        Assert.Equal([0, 0, 0], model.Parameter.ToArray());
        Assert.Equal(0, model.Score([1, 2, 3]));
    }

    [Theory]
    [MemberData(nameof(Learners))]
    public void The_score_is_linear_in_the_features(string learner)
    {
        IRewardModel model = Learned(learner, 40);
        double score = 0;
        for (int i = 0; i < 3; i++)
            score += model.Parameter[i] * (i + 1);
        Assert.Equal(score, model.Score([1, 2, 3]), 1e-12);
        Assert.Equal(40, model.Comparisons);
    }

    [Theory]
    [MemberData(nameof(Learners))]
    public void What_is_preferred_again_and_again_scores_higher(string learner)
    {
        IRewardModel model = AllLearners.Create(learner);
        for (int i = 0; i < 40; i++)
            model.Observe(new Comparison([1, 0, 0], 1));
        Assert.True(model.Score([1, 0, 0]) > 0.5);
        Assert.Equal(0, model.Score([0, 1, 1]), 1e-12);
    }

    [Theory]
    [MemberData(nameof(Learners))]
    public void A_comparison_says_the_same_from_either_side(string learner)
    {
        IRewardModel model = AllLearners.Create(learner),
            mirrored = AllLearners.Create(learner);
        foreach ((float[] z, double label) in Stream(80))
        {
            model.Observe(new Comparison(z, label));
            mirrored.Observe(new Comparison([.. z.Select(v => -v)], 1 - label));
        }
        for (int i = 0; i < 3; i++)
            Assert.Equal(model.Parameter[i], mirrored.Parameter[i], 1e-6);
    }

    [Theory]
    [MemberData(nameof(Learners))]
    public void It_comes_to_foresee_what_a_person_prefers(string learner)
    {
        IRewardModel model = AllLearners.Create(learner);
        double[] truth = [2, -1, 0.5];
        var random = new Random(7);
        foreach ((float[] z, _) in Stream(400))
            model.Observe(new Comparison(z, random.NextDouble() < 1 / (1 + Math.Exp(-Dot(z, truth))) ? 1 : 0));
        (float[] Z, double)[] fresh = [.. Stream(200, seed: 99)];
        int right = fresh.Count(c => Math.Sign(model.Score(c.Z)) == Math.Sign(Dot(c.Z, truth)));
        // Chance is 100 ± 7; those with a constant step stay noisy.
        Assert.InRange(right, 135, 200);
    }

    [Theory]
    [MemberData(nameof(Learners))]
    public void What_it_cannot_learn_is_refused_and_changes_nothing(string learner)
    {
        IRewardModel model = Learned(learner, 8);
        double[] before = model.Parameter.ToArray();
        Assert.Throws<ArgumentException>(() => model.Observe(new Comparison([1, 2], 1)));
        Assert.Throws<ArgumentException>(() => model.Observe(new Comparison([1, float.NaN, 0], 1)));
        Assert.Throws<ArgumentException>(() => model.Observe(new Comparison([1, float.PositiveInfinity, 0], 1)));
        Assert.Throws<ArgumentException>(() => model.Observe(new Comparison([1, 2, 3], 1.5)));
        Assert.Throws<ArgumentException>(() => model.Observe(new Comparison([1, 2, 3], double.NaN)));
        Assert.Throws<ArgumentException>(() => model.Score([1, 2]));
        Assert.Equal(8, model.Comparisons);
        Assert.Equal(before, model.Parameter.ToArray());
    }

    [Theory]
    [MemberData(nameof(Learners))]
    public void The_same_comparisons_give_the_same_bits(string learner) =>
        Assert.Equal(Learned(learner, 60).Parameter.ToArray(), Learned(learner, 60).Parameter.ToArray());

    internal static IRewardModel Learned(string learner, int comparisons)
    {
        IRewardModel model = AllLearners.Create(learner);
        foreach ((float[] z, double label) in Stream(comparisons))
            model.Observe(new Comparison(z, label));
        return model;
    }

    internal static IEnumerable<(float[] Difference, double Label)> Stream(int count, int dimension = 3, int seed = 5)
    {
        var random = new Random(seed);
        for (int i = 0; i < count; i++)
            yield return (
                [.. Enumerable.Range(0, dimension).Select(_ => (float)(2 * random.NextDouble() - 1))],
                random.Next(5) switch
                {
                    0 => 0.5,
                    1 or 2 => 0,
                    _ => 1,
                }
            );
    }

    private static double Dot(float[] z, double[] v) => z.Zip(v, (a, b) => a * b).Sum();
}
