using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds.Pipeline;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>How the rounds themselves correct the pace that was measured at the start, and how the loop keeps to it.</summary>
public sealed class PacingTests
{
    private static readonly DecodingPace Measured = new(0.01, 0.1, 0.01);

    [Fact]
    public void Rounds_as_long_as_expected_change_nothing()
    {
        Pacing pacing = new(Measured, TimeSpan.FromSeconds(30));
        pacing.Took(TimeSpan.FromSeconds(0.5 + 5 + 0.9), promptTokens: 50, steps: 50, tokens: 90);

        Assert.Equal(Measured.PerStep, pacing.Pace.PerStep, 9);
    }

    [Fact]
    public void A_board_that_got_slow_samples_less()
    {
        Pacing pacing = new(Measured, TimeSpan.FromSeconds(30));
        RoundBudget before = pacing.Budget(50, null, 8, 256);
        for (int i = 0; i < 20; i++)
            pacing.Took(TimeSpan.FromSeconds(2 * (0.5 + 5 + 0.9)), promptTokens: 50, steps: 50, tokens: 90);
        RoundBudget after = pacing.Budget(50, null, 8, 256);

        Assert.Equal(2 * Measured.PerStep, pacing.Pace.PerStep, 3);
        Assert.True(after.Candidates * after.MaxTokens < before.Candidates * before.MaxTokens);
    }

    [Fact]
    public async Task A_round_has_no_longer_answers_than_the_time_allows()
    {
        using var bench = new Bench(options: new RoundOptions { TimeTarget = TimeSpan.FromMilliseconds(1) });

        CandidateSet set = await bench.Loop.SampleAsync(Bench.Ask(), TestContext.Current.CancellationToken);
        CandidateSet wished = await bench.Loop.SampleAsync(
            Bench.Ask() with
            {
                Candidates = 6,
                MaxTokens = 40,
            },
            TestContext.Current.CancellationToken
        );

        Assert.InRange(set.Candidates.Count, 1, 4);
        Assert.All(set.Candidates, c => Assert.InRange(c.Tokens, 1, 16));
        Assert.InRange(wished.Candidates.Max(c => c.Tokens), 17, 40);
        Assert.Equal(4, bench.Loop.Status.Budget.Candidates);
    }

    [Fact]
    public async Task At_temperature_0_the_pace_cuts_no_answer()
    {
        RoundRequest request = Bench.Ask("Tell me a story about the sea.") with { Temperature = 0 };
        using var patient = new Bench();
        using var hasty = new Bench(options: new RoundOptions { TimeTarget = TimeSpan.FromMilliseconds(1) });

        CandidateSet whole = await patient.Loop.SampleAsync(request, TestContext.Current.CancellationToken);
        CandidateSet set = await hasty.Loop.SampleAsync(request, TestContext.Current.CancellationToken);

        Assert.InRange(whole.Candidates[0].Tokens, 17, 512);
        Assert.Equal(whole.Candidates[0].Text, set.Candidates[0].Text);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3600)]
    public void No_answer_is_promised_that_is_longer_than_the_context(int seconds)
    {
        using var bench = new Bench(
            options: new RoundOptions
            {
                Sampling = new() { MaxTokens = 4000 },
                TimeTarget = seconds > 0 ? TimeSpan.FromSeconds(seconds) : null,
            }
        );

        Assert.InRange(bench.Loop.Status.Budget.MaxTokens, 1, 512);
    }
}
