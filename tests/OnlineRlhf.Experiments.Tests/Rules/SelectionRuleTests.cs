using OnlineRlhf.Experiments.Rules;

namespace OnlineRlhf.Experiments.Tests.Rules;

/// <summary>Each rule chooses the two candidates that its name says. Scores of the eight candidates: 7, 6, … 0, in a shuffled order.</summary>
public sealed class SelectionRuleTests
{
    private static readonly float[] Scores = [3, 7, 0, 5, 6, 1, 4, 2];

    public static TheoryData<string> Names => ["exploration", "quantile", "second", "worst", "random", "rejection", "uncertain"];

    [Fact]
    public void Best_and_second() => Assert.Equal((7, 6), Chosen(new BestAndSecond()));

    [Fact]
    public void Best_and_worst() => Assert.Equal((7, 0), Chosen(new BestAndWorst()));

    [Theory]
    [InlineData(4, 5)]
    [InlineData(2, 3)]
    [InlineData(8, 6)]
    [InlineData(100, 6)]
    public void Best_and_the_top_quantile_of_the_ranking(int q, double second) => Assert.Equal((7, second), Chosen(new BestAndQuantile(q)));

    [Fact]
    public void A_random_pair_is_any_pair_as_often_as_any_other()
    {
        var random = new Random(1);
        var rule = new RandomPair();
        Dictionary<(int, int), int> counts = [];
        for (int i = 0; i < 5600; i++)
        {
            (int first, int second) = rule.Select(Model(), Candidates(), random);
            counts[(first, second)] = counts.GetValueOrDefault((first, second)) + 1;
        }
        Assert.Equal(56, counts.Count);
        Assert.All(counts.Values, count => Assert.InRange(count, 50, 160));
    }

    [Fact]
    public void Rejection_sampling_draws_the_opponent_by_its_learned_reward()
    {
        var random = new Random(1);
        var rule = new RejectionSampling(temperature: 2);
        int[] counts = new int[8];
        for (int i = 0; i < 20_000; i++)
        {
            (int first, int second) = rule.Select(Model(), Candidates(), random);
            Assert.Equal(7, Scores[first]);
            counts[(int)Scores[second]]++;
        }
        Assert.Equal(0, counts[7]);
        // Neighbours in the ranking differ by 1, so that they are drawn as e^½ to 1.
        for (int score = 1; score < 6; score++)
            Assert.InRange(counts[score + 1] / (double)counts[score], 1.3, 2.1);
    }

    [Fact]
    public void The_most_uncertain_pair_is_the_one_nothing_is_known_of()
    {
        var model = new OnePassRewardModel(2, new HyperParameters());
        for (int i = 0; i < 50; i++)
            model.Observe(new Comparison([1, 0], i % 2));
        // The first two are the farthest apart, along what is known.
        Assert.Equal((0, 2), new MostUncertainPair().Select(model, new CandidateFeatures([0, 0, 2, 0, 1.2f, 1], 2), new Random(1)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_rule_never_shows_one_candidate_twice(string name)
    {
        ISelectionRule rule = Named(name);
        var random = new Random(3);
        foreach (int count in (int[])[2, 3, 8])
        {
            for (int i = 0; i < 50; i++)
            {
                float[] equal = new float[count];
                (int first, int second) = rule.Select(Model(), new CandidateFeatures(equal, 1), random);
                Assert.NotEqual(first, second);
                Assert.InRange(Math.Min(first, second), 0, count - 1);
                Assert.InRange(Math.Max(first, second), 0, count - 1);
            }
        }
    }

    [Theory]
    [InlineData("exploration")]
    [InlineData("uncertain")]
    public void A_rule_that_needs_an_uncertainty_says_so(string name)
    {
        IRewardModel model = new FirstOrderRewardModel(1, 1);
        ArgumentException error = Assert.Throws<ArgumentException>(() => Named(name).Select(model, Candidates(), new Random(1)));
        Assert.Contains("use another rule", error.Message, StringComparison.Ordinal);
    }

    private static ISelectionRule Named(string name) =>
        name switch
        {
            "exploration" => new Exploration(),
            "quantile" => new BestAndQuantile(),
            "second" => new BestAndSecond(),
            "worst" => new BestAndWorst(),
            "random" => new RandomPair(),
            "rejection" => new RejectionSampling(),
            _ => new MostUncertainPair(),
        };

    private static (double, double) Chosen(ISelectionRule rule)
    {
        (int first, int second) = rule.Select(Model(), Candidates(), new Random(1));
        return (Scores[first], Scores[second]);
    }

    private static CandidateFeatures Candidates() => new(Scores, 1);

    /// <summary>θ = 1, so that a candidate's one feature is its score.</summary>
    private static OnePassRewardModel Model()
    {
        var model = new OnePassRewardModel(1, new HyperParameters());
        model.Restore(0, [1], [0], [1]);
        return model;
    }
}
