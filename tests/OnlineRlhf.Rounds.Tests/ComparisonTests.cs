using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Feedback;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>Comparisons that a client brings with its own two answers.</summary>
public sealed class ComparisonTests : IDisposable
{
    private const string Question = "How do I make tea?",
        Short = "Seven minutes in boiling water.",
        Long = "Boil fresh water, warm the pot, and let the leaves stand in it for four minutes. Then pour.";
    private readonly Bench _bench = new();

    public static TheoryData<string, ComparisonRequest> Wrong =>
        new()
        {
            { "same text", Of(Short, Short) },
            { "chosen is empty", Of("", Short) },
            { "rejected is empty", Of(Short, " \n") },
            { "same text", Of($"<think>one</think>{Short}", $"<think>two</think>\n{Short}") },
            { "chosen is empty", Of("<think>\nIt never ends", Short) },
            { "messages is empty", new ComparisonRequest([], Short, Long) },
            { "last message", new ComparisonRequest([new("user", Question), new("assistant", Short)], Short, Long) },
            { "unknown role", new ComparisonRequest([new("root", Question)], Short, Long) },
            { "profile", Of(Short, Long) with { Profile = "../x" } },
            { "zeros", Of(Short, Long) with { Id = Guid.Empty } },
        };

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_comparison_is_learned_as_the_difference_of_what_the_model_makes_of_both_answers()
    {
        FeedbackResult result = await LearnAsync(Of(Short, Long));
        Assert.Equal((true, 1, "default"), (result.Recorded, result.Comparisons, result.Profile));

        FeatureMap map = _bench.Loop.FeatureMap;
        IReadOnlyList<HiddenBlocks> hidden = Bench.Model.Force([new ChatMessage("user", Question)], [Short, Long], cancellationToken: Cancel);
        float[] difference = new float[map.Dimension],
            rejected = new float[map.Dimension];
        map.Map(hidden[0], Question, Short, difference);
        map.Map(hidden[1], Question, Long, rejected);
        TensorPrimitives.Subtract(difference, rejected, difference);
        var expected = new OnePassRewardModel(map.Dimension, _bench.Options.HyperParameters);
        expected.Observe(new Comparison(difference, 1));
        Assert.Equal(Bits(expected), StateOf("default"));
        Assert.True(expected.Score(difference) > 0);
    }

    [Fact]
    public async Task What_was_thought_before_an_answer_is_not_learned()
    {
        await LearnAsync(Of(Short, Long, "plain"));
        await LearnAsync(Of($"<think>\n{Long} {Long}\n</think>\n\n{Short}", $"Well, {Short}\n</think>\n\n{Long}", "thoughts"));

        Assert.Equal(StateOf("plain"), StateOf("thoughts"));
    }

    [Fact]
    public async Task A_tie_is_learned_as_one_half_whichever_answer_is_named_first()
    {
        await LearnAsync(Of(Short, Long, "anna") with { IsTie = true });
        await LearnAsync(Of(Long, Short, "ben") with { IsTie = true });
        float[] difference = await _bench.Loop.CompareAsync(Of(Short, Long), Cancel);
        var expected = new OnePassRewardModel(_bench.Loop.FeatureMap.Dimension, _bench.Options.HyperParameters);
        expected.Observe(new Comparison(difference, 0.5));

        Assert.Equal(Bits(expected), StateOf("anna"));
        Assert.Equal(0, expected.Score(difference), 9);
        Assert.Equal(StateOf("anna"), StateOf("ben"));
    }

    [Fact]
    public async Task The_state_is_the_same_bit_for_bit_whatever_the_model_did_between_the_comparisons()
    {
        ComparisonRequest[] comparisons =
        [
            .. Enumerable.Range(0, 12).Select(n => Of($"Take {n} leaves. {Short}", $"{Long} It takes {n} minutes.", "plain")),
        ];
        foreach (ComparisonRequest comparison in comparisons)
            await LearnAsync(comparison);
        for (int n = 0; n < comparisons.Length; n++)
        {
            if (n % 4 == 1)
                await _bench.OpenAsync($"Tell me about the number {n}.", profile: "other", seed: (uint)n);
            if (n % 4 == 2)
                _bench.Restart();
            if (n % 4 == 3)
                await Assert.ThrowsAsync<InferenceException>(() => LearnAsync(Of(Short, string.Join(' ', Enumerable.Repeat(Long, 50)), "disturbed")));
            ComparisonRequest comparison = comparisons[n] with { Profile = "disturbed" };
            await LearnAsync(comparison);
            await LearnAsync(comparison);
        }
        Assert.Equal(12, _bench.Loop.CountComparisons("disturbed"));
        Assert.Equal(StateOf("plain"), StateOf("disturbed"));
    }

    [Fact]
    public async Task The_same_id_is_confirmed_and_not_learned_twice_also_after_a_restart()
    {
        ComparisonRequest comparison = Of(Short, Long);
        FeedbackResult first = await LearnAsync(comparison);
        await LearnAsync(Of(Long, Short));
        Assert.Equal(first, await LearnAsync(comparison));
        _bench.Restart();
        Assert.Equal(first, await LearnAsync(comparison));
        Assert.Equal(first, _bench.Loop.FindComparison(comparison.Id, "default"));
        Assert.Equal(2, _bench.Loop.CountComparisons("default"));
        Assert.Equal(0, _bench.Loop.Status.Submitted);
        var unknown = Guid.NewGuid();
        Assert.Equal(new FeedbackResult(unknown, "default", false, 2), _bench.Loop.FindComparison(unknown, "default"));
        Assert.Equal(1, (await LearnAsync(comparison with { Profile = "ben" })).Comparisons);
    }

    [Fact]
    public async Task Repeats_at_the_same_time_are_learned_once()
    {
        ComparisonRequest comparison = Of(Short, Long);
        FeedbackResult[] results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => LearnAsync(comparison)));
        Assert.All(results, r => Assert.Equal((true, 1), (r.Recorded, r.Comparisons)));
        Assert.Equal(1, _bench.Loop.Status.Submitted);
    }

    [Fact]
    public async Task An_id_is_never_taken_for_that_of_a_round()
    {
        Round round = await _bench.OpenAsync();
        FeedbackResult brought = await LearnAsync(Of(Short, Long) with { Id = round.Id });
        FeedbackResult pressed = await _bench.PressAsync(round.Id, Preferred.Second);
        Assert.Equal((1, 2), (brought.Comparisons, pressed.Comparisons));
        ComparisonRequest comparison = Of(Short, Long);
        await LearnAsync(comparison);
        Assert.Equal(RoundError.Unknown, await _bench.RefusalAsync(comparison.Id, Preferred.First));
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_wrong_comparison_is_refused_and_leaves_nothing(string says, ComparisonRequest comparison)
    {
        RoundException refused = await Assert.ThrowsAsync<RoundException>(() => LearnAsync(comparison));
        Assert.Equal(RoundError.BadRequest, refused.Error);
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_bench.ProfileFolder("default")));
    }

    [Fact]
    public async Task One_that_is_longer_than_the_context_is_refused_with_both_numbers()
    {
        InferenceException refused = await Assert.ThrowsAsync<InferenceException>(() =>
            LearnAsync(Of(Short, string.Join(' ', Enumerable.Repeat(Long, 50))))
        );
        Assert.Equal(InferenceError.PromptTooLong, refused.Error);
        Assert.Matches(@"take \d{4} tokens and the context holds 512", refused.Message);
        Assert.Equal(0, _bench.Loop.CountComparisons("default"));
    }

    [Fact]
    public async Task More_than_the_queue_takes_are_told_to_come_back()
    {
        Task<FeedbackResult>[] all = [.. Enumerable.Range(0, 20).Select(_ => LearnAsync(Of(Short, Long)))];
        int busy = 0;
        foreach (Task<FeedbackResult> one in all)
        {
            if (await Record.ExceptionAsync(() => one) is RoundException { Error: RoundError.Busy })
                busy++;
        }
        Assert.InRange(busy, 1, 19);
        Assert.Equal(20 - busy, _bench.Loop.CountComparisons("default"));
    }

    [Fact]
    public async Task A_press_counts_while_a_comparison_is_read()
    {
        await _bench.OpenAsync(profile: "anna");
        Task<FeedbackResult> reading = Task.Run(() => LearnAsync(Of(string.Join(' ', Enumerable.Repeat(Short, 40)), Long)), Cancel);
        while (_bench.Loop.Status.QueuedRequests == 0 && !reading.IsCompleted)
            await Task.Yield();
        Task<Press> press = _bench.Loop.PressAsync(Preferred.First, _bench.Clock.GetTimestamp());
        Assert.Equal(PressOutcome.Counted, (await press).Outcome);
        await reading;
    }

    [Fact]
    public async Task A_profile_that_has_no_room_is_refused_before_the_model_works()
    {
        _bench.Restart(o => o with { ProfilesStored = 1 });
        await LearnAsync(Of(Short, Long, "anna"));
        Assert.Equal(RoundError.TooManyProfiles, (await Assert.ThrowsAsync<RoundException>(() => LearnAsync(Of(Short, Long, "ben")))).Error);
        Assert.Equal(2, (await LearnAsync(Of(Long, Short, "anna"))).Comparisons);
    }

    [Fact]
    public async Task Followers_are_told_under_the_id_that_the_client_gave()
    {
        using EventHub.Subscription following = _bench.Events.Follow();
        ComparisonRequest comparison = Of(Short, Long, "anna");
        await LearnAsync(comparison);
        await LearnAsync(comparison);
        List<RoundEvent> events = [];
        while (following.Events.TryRead(out RoundEvent? happened))
            events.Add(happened);
        Assert.Equal(new RoundEvent.Recorded(comparison.Id, "anna", 1, ComparisonKind.Brought), Assert.Single(events));
    }

    [Fact]
    public async Task One_whose_client_went_away_before_its_turn_is_not_learned()
    {
        using var gone = new CancellationTokenSource();
        Task<Round> writing = _bench.OpenAsync(profile: "anna");
        Task<FeedbackResult> waiting = _bench.Loop.SubmitAsync(Of(Short, Long), gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await writing;
        Assert.Equal((0, 0), (_bench.Loop.Status.QueuedRequests, _bench.Loop.CountComparisons("default")));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static ComparisonRequest Of(string chosen, string rejected, string profile = RoundRequest.DefaultProfile) =>
        new([new ChatMessage("user", Question)], chosen, rejected) { Profile = profile };

    private static byte[] Bits(OnePassRewardModel model) =>
        [.. MemoryMarshal.AsBytes(model.Parameter), .. MemoryMarshal.AsBytes(model.AverageParameter), .. MemoryMarshal.AsBytes(model.Factor)];

    private Task<FeedbackResult> LearnAsync(ComparisonRequest comparison) => _bench.Loop.SubmitAsync(comparison, Cancel);

    /// <summary>θ, its average and the factor, as the disk holds them.</summary>
    private byte[] StateOf(string profile)
    {
        var identity = new StateIdentity(Bench.Model.Fingerprint, _bench.Loop.FeatureMap.Fingerprint, _bench.Loop.FeatureMap.Dimension);
        _bench.Loop.Dispose();
        try
        {
            using ProfileStore store = ProfileStore.Open(_bench.ProfileFolder(profile), identity, _bench.Options.HyperParameters);
            return Bits(store.CatchUp());
        }
        finally
        {
            _bench.Restart();
        }
    }
}
