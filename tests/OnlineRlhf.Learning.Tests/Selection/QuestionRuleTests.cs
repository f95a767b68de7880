using CsCheck;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Learning.Selection;
using OnlineRlhf.Learning.Tests.Oracles;

namespace OnlineRlhf.Learning.Tests.Selection;

public class QuestionRuleTests
{
    private static readonly Gen<(int, double, double)> Cases = Gen.Select(Gen.Int[0, 1_000_000], Gen.Double[0, 3], Gen.Double[0, 3]);

    [Theory]
    [InlineData(7)]
    [InlineData(3)]
    [InlineData(0)]
    public void No_more_rounds_in_a_row_than_the_limit_go_unasked(int limit)
    {
        OnePassRewardModel certain = Certain(1e8);
        QuestionRule rule = new(0.5, limit);
        int unasked = 0,
            longest = 0,
            asked = 0;
        for (int round = 0; round < 100; round++)
        {
            if (rule.IsUseful(certain, Two(2, 1), 0, unasked))
                (unasked, asked) = (0, asked + 1);
            else
                longest = Math.Max(longest, ++unasked);
        }
        Assert.Equal(limit, longest);
        Assert.Equal(100 / (limit + 1), asked);
    }

    [Fact]
    public void The_default_limit_is_seven() => Assert.Equal(7, new QuestionRule(1).MaxUnaskedInARow);

    [Fact]
    public void A_question_is_useful_exactly_where_the_bound_passes_the_leader()
    {
        // θ = 1, 𝓗 = 4: the bound of the other candidate is 1 + k/2 against the leader's 2.
        OnePassRewardModel model = Certain(4);
        Assert.False(new QuestionRule(2).IsUseful(model, Two(2, 1), 0, 0));
        Assert.True(new QuestionRule(2.001).IsUseful(model, Two(2, 1), 0, 0));
        Assert.False(new QuestionRule(1.999).IsUseful(model, Two(2, 1), 0, 6));
    }

    [Fact]
    public void A_larger_k_asks_wherever_a_smaller_one_does() =>
        Cases.Sample(
            (seed, one, other) =>
            {
                OnePassRewardModel model = new(6, new HyperParameters());
                foreach ((float[] z, double label) in RandomStream.Create(seed, 6, 40))
                    model.Observe(new Comparison(z, label));
                Random random = new(seed);
                float[] rows = [.. Enumerable.Range(0, 5).SelectMany(_ => RandomStream.Direction(random, 6, 1))];
                int leader = ExplorationRule.Select(model, new CandidateFeatures(rows, 6)).Leader;
                bool smaller = new QuestionRule(Math.Min(one, other)).IsUseful(model, new CandidateFeatures(rows, 6), leader, 0);
                return !smaller || new QuestionRule(Math.Max(one, other)).IsUseful(model, new CandidateFeatures(rows, 6), leader, 0);
            },
            iter: 200
        );

    [Fact]
    public void The_leaders_own_features_are_never_worth_a_question()
    {
        Assert.False(new QuestionRule(1000).IsUseful(Certain(1), Two(1, 1), 0, 0));
        Assert.False(new QuestionRule(1000).IsUseful(Certain(1), Two(0, -0f), 0, 0));
        Assert.True(new QuestionRule(1000).IsUseful(Certain(1), Two(1, 1), 0, 7));
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        OnePassRewardModel model = Certain(1);
        QuestionRule rule = new(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => new QuestionRule(-0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QuestionRule(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new QuestionRule(1, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => rule.IsUseful(model, Two(1, 2), 2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => rule.IsUseful(model, Two(1, 2), -1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => rule.IsUseful(model, Two(1, 2), 0, -1));
        Assert.Throws<ArgumentException>(() => rule.IsUseful(model, new CandidateFeatures([1], 1), 0, 0));
        Assert.Throws<ArgumentException>(() => rule.IsUseful(model, Two(1, float.NaN), 0, 9));
    }

    private static CandidateFeatures Two(float first, float second) => new(new[] { first, second }, 1);

    private static OnePassRewardModel Certain(double norm)
    {
        OnePassRewardModel model = new(1, new HyperParameters());
        model.Restore(1, [1], [1], [norm]);
        return model;
    }
}
