using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds.Pipeline;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>How many candidates, and how long, a round samples in the time that it may take.</summary>
public sealed class RoundBudgetTests
{
    private static readonly TimeSpan Target = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_fast_device_samples_all_that_is_wished() => Assert.Equal(new RoundBudget(8, 256), Of(Steps(0.01, 0.001)));

    [Fact]
    public void A_slower_device_shortens_the_answers_first() => Assert.Equal(new RoundBudget(8, 150), Of(Steps(0.12, 0.01)));

    [Fact]
    public void Where_answers_would_get_short_there_are_fewer_of_them()
    {
        RoundBudget budget = Of(Steps(0.05, 0.03));

        Assert.InRange(budget.Candidates, 4, 7);
        Assert.InRange(budget.MaxTokens, 128, 256);
    }

    [Fact]
    public void Four_candidates_are_the_fewest() => Assert.Equal(new RoundBudget(4, 30), Of(Steps(0.5, 0.125)));

    [Fact]
    public void An_answer_has_some_words_on_the_slowest_device() => Assert.Equal(new RoundBudget(4, 16), Of(Steps(100, 10)));

    [Fact]
    public void A_long_prompt_takes_of_the_time()
    {
        DecodingPace pace = new(0.05, 0.12, 0.01);
        RoundBudget budget = RoundBudget.Of(pace, Target, 400, 4, 8, 256);

        Assert.True((400 * 0.05) + (budget.MaxTokens * pace.Step(budget.Candidates)) <= 30);
        Assert.Equal(4, budget.Candidates);
    }

    [Fact]
    public void Who_names_a_number_of_candidates_gets_it() => Assert.Equal(8, RoundBudget.Of(Steps(0.5, 0.125), Target, 0, 8, 8, 256).Candidates);

    [Fact]
    public void A_short_limit_is_no_reason_for_fewer_candidates() =>
        Assert.Equal(new RoundBudget(8, 20), RoundBudget.Of(Steps(0.5, 0.05), Target, 0, 4, 8, 20));

    [Fact]
    public void Thoughts_take_of_the_time()
    {
        DecodingPace pace = Steps(0.02, 0.008);
        RoundBudget without = RoundBudget.Of(pace, Target, 0, 4, 8, 160),
            with = RoundBudget.Of(pace, Target, 0, 4, 8, 160, 512);

        Assert.Equal(new RoundBudget(8, 160), without);
        Assert.Equal((4, 160), (with.Candidates, with.MaxTokens));
        Assert.InRange((with.Thoughts + with.MaxTokens) * pace.Step(with.Candidates), 28, 30.1);
    }

    [Fact]
    public void Where_time_is_short_thoughts_and_answer_share_it() =>
        Assert.Equal(new RoundBudget(4, 20, 20), RoundBudget.Of(Steps(0.55, 0.05), Target, 0, 4, 8, 160, 512));

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(2000)]
    public void What_is_chosen_fits_the_time_wherever_anything_does(int millisecondsPerStep)
    {
        DecodingPace pace = Steps(millisecondsPerStep / 1000.0, millisecondsPerStep / 8000.0);
        RoundBudget budget = Of(pace);

        Assert.True(budget.MaxTokens * pace.Step(budget.Candidates) <= 30 || budget == new RoundBudget(4, 16));
    }

    [Fact]
    public void A_steered_round_on_a_fast_device_is_as_wished() => Assert.Equal(new RoundBudget(8, 256, 0, 8), OfSteered(Steps(0.01, 0.001)));

    [Fact]
    public void Where_first_words_would_come_late_there_are_fewer_beginnings_and_then_shorter_ones()
    {
        // A block may take three steps more, to a word's end: 11 steps of 8 candidates take 3.5 s, of 6 candidates 2.9 s.
        Assert.Equal((6, 8), Beginnings(Steps(0.08, 0.03)));
        // 11 steps of 4 candidates take 4 s, 8 steps 2.9 s.
        Assert.Equal((4, 5), Beginnings(Steps(0.2, 0.04)));
        Assert.Equal((2, 4), Beginnings(Steps(100, 10)));

        static (int Candidates, int Block) Beginnings(DecodingPace pace) =>
            OfSteered(pace) is var budget ? (budget.Candidates, budget.FirstBlock) : default;
    }

    [Fact]
    public void Without_a_limit_of_the_first_word_only_the_whole_answer_is_limited()
    {
        RoundBudget budget = OfSteered(Steps(0.3, 0.05), firstWord: null);

        Assert.Equal((8, 8), (budget.Candidates, budget.FirstBlock));
        // 7.7 s for the first block, then 22.3 s in steps of 0.5 s: three branches, and the second answer beside them.
        Assert.Equal(11 + 44, budget.MaxTokens);
    }

    [Fact]
    public void Who_names_a_number_of_candidates_gets_that_many_beginnings() =>
        Assert.Equal((8, 4), OfSteered(Steps(0.3, 0.05), fewest: 8) is var budget ? (budget.Candidates, budget.FirstBlock) : default);

    [Fact]
    public void A_round_that_asks_nothing_writes_no_second_answer_and_so_a_longer_one()
    {
        RoundBudget served = OfSteered(Steps(0.3, 0.05), firstWord: null, steering: new SteeringOptions { IsServed = true });

        // 22.3 s in steps of 0.45 s.
        Assert.Equal(11 + 49, served.MaxTokens);
    }

    [Fact]
    public void Every_candidate_thinks_before_the_first_block()
    {
        RoundBudget budget = OfSteered(Steps(0.1, 0.05), firstWord: null, thoughts: 100);

        // 5.5 s for the first block; of the 24.5 s behind it, thoughts of eight candidates get half, at 0.5 s a token.
        Assert.Equal(24, budget.Thoughts);
        Assert.Equal(11 + 41, budget.MaxTokens);
    }

    [Fact]
    public void A_setting_of_four_candidates_also_gives_fewer_beginnings_on_a_slow_device()
    {
        var pacing = new Pacing(Steps(1, 0.5), Target, TimeSpan.FromSeconds(3));

        Assert.Equal(2, pacing.Budget(0, null, 4, 256, 0, new SteeringOptions()).Candidates);
        Assert.Equal(4, pacing.Budget(0, 4, 8, 256, 0, new SteeringOptions()).Candidates);
    }

    [Fact]
    public void A_steered_round_writes_longer_answers_in_the_same_time()
    {
        DecodingPace pace = Steps(0.02, 0.06);

        Assert.True(OfSteered(pace, steering: new SteeringOptions { IsServed = true }).MaxTokens > Of(pace).MaxTokens);
        Assert.True(OfSteered(pace).MaxTokens >= Of(pace).MaxTokens);
    }

    private static RoundBudget OfSteered(
        DecodingPace pace,
        double? firstWord = 3,
        int fewest = 2,
        int thoughts = 0,
        SteeringOptions? steering = null
    ) =>
        RoundBudget.OfSteered(
            pace,
            Target,
            firstWord is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            steering ?? new SteeringOptions(),
            0,
            fewest,
            8,
            256,
            thoughts
        );

    private static DecodingPace Steps(double perStep, double perCandidate) => new(0, perStep, perCandidate);

    private static RoundBudget Of(DecodingPace pace) => RoundBudget.Of(pace, Target, 0, 4, 8, 256);
}
