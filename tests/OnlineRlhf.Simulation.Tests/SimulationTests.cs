using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Tests;
using OnlineRlhf.Simulation;

namespace OnlineRlhf.Simulation.Tests;

public sealed class SimulationTests
{
    [Fact]
    public void Topics_that_are_learned_on_and_topics_that_are_measured_on_have_nothing_in_common()
    {
        SimulationPlan plan = SimulationPlan.Default;
        Assert.Empty(plan.TrainTopics.Keys.Intersect(plan.TestTopics.Keys));
        Assert.Empty(plan.TrainTopics.Values.SelectMany(r => r).Intersect(plan.TestTopics.Values.SelectMany(r => r)));
        Assert.True(plan.TestTopics.Count >= 15);
    }

    [Theory]
    [InlineData("concise", "Yes.", "Yes, and there is a lot more to say about it.")]
    [InlineData("list", "Try:\n- soup", "Try soup.")]
    [InlineData("calm", "The lights are on.", "Ta-da! The lights are on!")]
    [InlineData("curious", "It is set. Which room?", "It is set.")]
    [InlineData("warm", "Happy to help! It is set.", "It is set.")]
    [InlineData("formal", "Certainly. It is set.", "You got it! It is set.")]
    public void A_taste_prefers_what_it_says(string taste, string better, string worse)
    {
        Taste likes = SimulationPlan.Default.Taste(taste);
        Assert.True(likes.Utility(better) > likes.Utility(worse));
    }

    [Fact]
    public void Requests_come_topic_by_topic_before_any_topic_comes_twice()
    {
        SimulationPlan plan = SimulationPlan.Default;
        IReadOnlyList<string> order = SimulationPlan.Shuffle(plan.TrainTopics, 3);
        Assert.Equal(
            plan.TrainTopics.Count,
            order.Take(plan.TrainTopics.Count).Select(r => plan.TrainTopics.Single(t => t.Value.Contains(r)).Key).Distinct().Count()
        );
        Assert.Equal(order, SimulationPlan.Shuffle(plan.TrainTopics, 3));
    }

    [Fact]
    public void A_random_taste_says_what_it_weighs() =>
        Assert.All(
            Enumerable.Range(0, 50),
            seed =>
            {
                Taste taste = SimulationPlan.RandomTaste(seed);
                Assert.Equal(2, taste.Weights.Count);
                Assert.Contains(", and ", taste.Description, StringComparison.Ordinal);
            }
        );

    [Fact]
    public async Task A_model_with_one_answer_only_ends_the_trial_in_words()
    {
        using var bench = new Bench();
        // So cold that the likeliest token always comes.
        SimulationPlan plan = SimulationPlan.Default with
        {
            Temperature = 1e-5f,
            MaxTokens = 2,
        };
        IReadOnlyList<CandidateSet> tests = await TasteTrial.SampleTestSetsAsync(bench.Loop, plan, 2, seed: 1, TestContext.Current.CancellationToken);
        var trial = new TasteTrial(bench.Loop, plan, plan.Taste("concise"), "person", seed: 1);

        RoundException refused = await Assert.ThrowsAsync<RoundException>(() => trial.PressAsync(TestContext.Current.CancellationToken));
        Assert.Equal(RoundError.NothingAsked, refused.Error);
        Assert.Contains("single answer", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, trial.Presses);
        Assert.Equal(new Score(0.5, 0.5, 1, 1), trial.Measure(tests));
        Assert.Equal(0, trial.Measure(tests).ShareOfGain);
    }

    [Theory]
    [InlineData("concise")]
    [InlineData("list")]
    public async Task Noisy_presses_turn_what_is_served_on_topics_that_were_never_learned_on(string name)
    {
        using var bench = new Bench();
        SimulationPlan plan = SimulationPlan.Default;
        IReadOnlyList<CandidateSet> tests = await TestSetsAsync(bench);
        var trial = new TasteTrial(bench.Loop, plan, plan.Taste(name), "person", seed: 1);
        Score untouched = trial.Measure(tests);
        while (trial.Presses < 25)
            await trial.PressAsync(TestContext.Current.CancellationToken);
        Score learned = trial.Measure(tests);
        Assert.InRange(untouched.ShareOfGain, -0.45, 0.45);
        Assert.True(learned.ShareOfGain > 0.55, $"{name}: {learned.ShareOfGain:F2} of the possible gain");
        Assert.True(learned.Preferred > untouched.Preferred);
    }

    [Fact]
    public async Task Random_pairs_that_are_submitted_turn_it_too_and_the_history_is_what_the_profile_has_learned()
    {
        using var bench = new Bench();
        SimulationPlan plan = SimulationPlan.Default;
        IReadOnlyList<CandidateSet> tests = await TestSetsAsync(bench);
        var trial = new TasteTrial(bench.Loop, plan, plan.Taste("concise"), "person", seed: 1);
        while (trial.Presses < 40)
            await trial.SubmitAsync(TestContext.Current.CancellationToken);
        Score learned = trial.Measure(tests);
        Assert.True(learned.ShareOfGain > 0.4, $"{learned.ShareOfGain:F2} of the possible gain");
        Assert.Equal(40, bench.Loop.CountComparisons("person"));
        var again = new OnlineRlhf.Learning.RewardModels.OnePassRewardModel(bench.Loop.FeatureMap.Dimension, new RoundOptions().HyperParameters);
        foreach ((float[] difference, double label) in trial.History)
            again.Observe(new OnlineRlhf.Learning.Comparison(difference, label));
        Assert.Equal(
            trial.Measure(tests),
            Score.Of(plan.Taste("concise"), tests, set => Enumerable.Range(0, set.Candidates.Count).MaxBy(i => again.Score(set.Features[i])))
        );
    }

    private static Task<IReadOnlyList<CandidateSet>> TestSetsAsync(Bench bench) =>
        TasteTrial.SampleTestSetsAsync(bench.Loop, SimulationPlan.Default, 36, seed: 1, TestContext.Current.CancellationToken);
}
