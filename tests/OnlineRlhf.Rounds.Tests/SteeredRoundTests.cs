using System.Threading.Channels;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>Rounds whose answers are chosen block by block.</summary>
public sealed class SteeredRoundTests : IDisposable
{
    // The demo model's answers are short. Here they count as long.
    private readonly Bench _bench = new(new RoundOptions { Steering = new SteeringOptions(ShortAnswer: 0) });

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task An_asked_round_shows_two_whole_answers_and_learns_from_the_press()
    {
        Round round = await _bench.OpenAsync("Tell me a story about the sea.");
        Assert.True(round.Asked);
        Assert.NotEqual(round.First.Text, round.Second!.Text);
        Assert.InRange(round.CandidateCount, 2, 8);
        Assert.True(round.Uncertainty > 0);
        FeedbackResult result = await _bench.PressAsync(round.Id, Preferred.First);
        Assert.Equal((true, 1), (result.Recorded, result.Comparisons));
    }

    [Fact]
    public async Task What_is_written_is_told_in_the_order_in_which_it_will_be_shown()
    {
        for (uint seed = 1; seed <= 6; seed++)
        {
            using EventHub.Subscription following = _bench.Events.Follow();
            Round round = await _bench.OpenAsync("Tell me a story about the sea.", seed: seed);
            RoundEvent.Writing? last = null;
            while (following.Events.TryRead(out RoundEvent? happened))
                last = happened as RoundEvent.Writing ?? last;
            Assert.Equal((round.First.Text, round.Second?.Text), (last!.First, last.Second));
        }
    }

    [Fact]
    public async Task Short_answers_are_chosen_whole_if_the_round_may_ask()
    {
        using var bench = new Bench(new RoundOptions { Steering = new SteeringOptions() });
        Assert.Equal(0, bench.Loop.Status.Budget.FirstBlock);
        for (uint seed = 1; seed <= 6; seed++)
        {
            using EventHub.Subscription following = bench.Events.Follow();
            Round round = await bench.OpenAsync("Tell me a story about the sea.", seed: seed);
            Assert.True(round.Asked);
            while (following.Events.TryRead(out RoundEvent? happened))
                Assert.IsNotType<RoundEvent.Writing>(happened);
        }
    }

    [Fact]
    public async Task A_served_round_writes_one_answer()
    {
        Round round = await _bench.OpenAsync("Tell me a story about the sea.", ask: AskMode.Never);
        Assert.False(round.Asked);
        Assert.NotEmpty(round.First.Text);
        Assert.Null(round.Second);
    }

    [Fact]
    public async Task Before_the_first_press_a_round_that_asks_nothing_writes_one_answer_word_by_word()
    {
        var written = Channel.CreateUnbounded<RoundEvent.Writing>();
        RoundRequest request = Bench.Ask("Tell me a story about the sea.", ask: AskMode.Never);
        Round round = await _bench.Loop.OpenRoundAsync(request, written.Writer, TestContext.Current.CancellationToken);
        List<string> told = await written
            .Reader.ReadAllAsync(TestContext.Current.CancellationToken)
            .Select(w => w.First)
            .ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, round.CandidateCount);
        Assert.Equal(round.First.Text, told[^1]);
        int words = round.First.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        Assert.InRange(told.Count, words / 2, words + 1);
        Assert.True(told[0].Split(' ').Length <= 2, told[0]);
    }

    [Fact]
    public async Task After_a_round_that_asked_nothing_the_challenger_is_finished_until_the_next_request()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Round first = await _bench.OpenAsync("Tell me a story about the sea.");
        await _bench.PressAsync(first.Id, Preferred.First);
        Round alone = await _bench.OpenAsync("Tell me a story about the sea.", ask: AskMode.Never, seed: 2);
        // The round is open before the challenger is whole, and nobody waits for the model.
        Assert.False(_bench.Loop.Status.IsWriting);
        Assert.Equal(0, _bench.Loop.Status.QueuedRequests);
        while (alone.Unshown is null)
            await Task.Delay(5, cancellation);
        Assert.NotEqual(alone.First.Text, alone.Unshown.Answer.Text);
        Assert.Equal(_bench.Loop.FeatureMap.Dimension, alone.Unshown.Difference.Length);
        Assert.Contains(alone.Unshown.Difference, value => value != 0);
    }

    [Fact]
    public async Task With_few_candidates_there_are_as_few_continuations()
    {
        foreach (int candidates in (int[])[1, 2, 3])
        {
            Round round = await _bench.Loop.OpenRoundAsync(
                Bench.Ask("Tell me a story about the sea.", seed: (uint)candidates) with
                {
                    Candidates = candidates,
                },
                TestContext.Current.CancellationToken
            );
            Assert.NotEmpty(round.First.Text);
            Assert.InRange(round.CandidateCount, 1, candidates);
        }
    }

    [Fact]
    public async Task Presses_steer_what_is_written()
    {
        using var bench = new Bench(new RoundOptions { Steering = new SteeringOptions() });
        // This person likes short answers.
        for (uint seed = 1; seed <= 30; seed++)
        {
            Round round = await bench.OpenAsync(Requests[seed % Requests.Length], seed: seed);
            if (round.Asked)
                await bench.PressAsync(round.Id, round.First.Text.Length < round.Second!.Text.Length ? Preferred.First : Preferred.Second);
        }
        double before = await LengthAsync("nobody"),
            after = await LengthAsync(RoundRequest.DefaultProfile);
        Assert.True(after < 0.85 * before, $"{after} against {before} characters");

        async Task<double> LengthAsync(string profile)
        {
            double sum = 0;
            for (uint seed = 100; seed < 112; seed++)
                sum += (await bench.OpenAsync(Requests[seed % Requests.Length], profile, AskMode.Never, seed)).First.Text.Length;
            return sum / 12;
        }
    }

    [Fact]
    public async Task A_cancelled_round_leaves_room_for_the_next()
    {
        for (int i = 0; i < 40; i++)
        {
            using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(5 * i));
            try
            {
                await _bench.Loop.OpenRoundAsync(Bench.Ask("Tell me a story about the sea.", seed: (uint)i), stop.Token);
            }
            catch (OperationCanceledException)
            {
                // That is what is tested.
            }
        }
        Assert.NotEmpty((await _bench.OpenAsync()).First.Text);
    }

    private static readonly string[] Requests =
    [
        "Tell me a story about the sea.",
        "How do I cook rice?",
        "How do I bake bread?",
        "I am bored.",
        "How do I remove a stain?",
    ];
}
