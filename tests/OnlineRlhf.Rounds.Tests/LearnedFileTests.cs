using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>What a profile knows of the data sets that it has learned.</summary>
public sealed class LearnedFileTests : IDisposable
{
    private const string Profile = "anna";
    private static readonly UInt128 Digest = new(1, 2),
        Other = new(3, 4);
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void The_name_of_a_line_never_changes() =>
        Assert.Equal(Guid.Parse("e84e8b0d-20e4-64bd-f0c7-16d52fbad860"), ComparisonId.Of(Digest, Profile, 7, 1));

    [Fact]
    public async Task The_last_line_that_the_ring_holds_is_found_for_each_run()
    {
        await LearnAsync(3, 0);
        await LearnAsync(5, 0);
        await LearnAsync(2, 1);

        Assert.Equal((5, 2, 3), Last(_bench.Loop.Files.Find(Profile, Digest, lines: 9, cancellationToken: Cancel)));
        Assert.Equal((3, 1, 3), Last(_bench.Loop.Files.Find(Profile, Digest, lines: 4, cancellationToken: Cancel)));
        Assert.Equal((2, 3, 3), Last(_bench.Loop.Files.Find(Profile, Digest, run: 1, lines: 9, cancellationToken: Cancel)));
        Assert.Equal((0, 0, 3), Last(_bench.Loop.Files.Find(Profile, Other, lines: 9, cancellationToken: Cancel)));
        Assert.Equal((0, 0, 0), Last(_bench.Loop.Files.Find("ben", Digest, lines: 9, cancellationToken: Cancel)));
        Assert.False(Directory.Exists(_bench.ProfileFolder("ben")));

        static (long, long, long) Last(LearnedFile file) => (file.LastLine, file.LastComparison, file.Comparisons);
    }

    [Fact]
    public async Task A_file_that_was_learned_is_known_after_a_restart_and_not_after_its_state_was_deleted()
    {
        Assert.Equal(RoundError.NothingLearned, Assert.Throws<RoundException>(() => _bench.Loop.Files.Record(Profile, Digest, 1)).Error);
        await LearnAsync(1, 0);
        LearnedFile named = _bench.Loop.Files.Record(Profile, Digest, 0),
            learned = _bench.Loop.Files.Record(Profile, Digest, 2);
        Assert.Equal((0, 2, 2), (named.Runs, learned.Runs, _bench.Loop.Files.Record(Profile, Digest, 1).Runs));
        Assert.NotNull(named.State);
        _bench.Restart();
        LearnedFile kept = Find(Digest);
        Assert.Equal((2, named.State), (kept.Runs, kept.State));
        Assert.Equal(0, Find(Other).Runs);

        _bench.Loop.Dispose();
        // The state alone, and not what lies beside it.
        foreach (string file in Directory.EnumerateFiles(_bench.ProfileFolder(Profile), "state*"))
            File.Delete(file);
        _bench.Restart();
        Assert.Equal(0, Find(Digest).Runs);
        await LearnAsync(1, 0);
        LearnedFile anew = _bench.Loop.Files.Record(Profile, Other, 1);
        Assert.Equal((0, 1), (Find(Digest).Runs, anew.Runs));
        Assert.NotEqual(named.State, anew.State);
    }

    [Fact]
    public async Task What_a_deleted_state_held_is_neither_noted_nor_added_to_in_its_successor()
    {
        await LearnAsync(1, 0);
        await LearnAsync(2, 0);
        LearnedFile named = _bench.Loop.Files.Record(Profile, Digest, 0);
        Directory.Delete(_bench.ProfileFolder(Profile), recursive: true);

        RoundException refused = await Assert.ThrowsAsync<RoundException>(() => LearnAsync(3, 0, atLeast: 2));
        Assert.Equal(RoundError.StateChanged, refused.Error);
        Assert.Contains("holds 0 comparisons, and held 2 before", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, Find(Digest).Comparisons);
        await LearnAsync(1, 0);
        await LearnAsync(2, 0, atLeast: 1);
        _bench.Loop.Files.Record(Profile, Other, 1);
        Assert.Equal(RoundError.StateChanged, Assert.Throws<RoundException>(() => _bench.Loop.Files.Record(Profile, Digest, 1, named.State)).Error);
        Assert.Equal(RoundError.StateChanged, Assert.Throws<RoundException>(() => _bench.Loop.Files.Record(Profile, Digest, 1, atLeast: 3)).Error);
        Assert.Equal(0, Find(Digest).Runs);
        Assert.Equal(1, _bench.Loop.Files.Record(Profile, Digest, 1, Find(Digest).State, 2).Runs);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private LearnedFile Find(UInt128 digest) => _bench.Loop.Files.Find(Profile, digest, cancellationToken: Cancel);

    private Task<FeedbackResult> LearnAsync(long line, int run, long atLeast = 0) =>
        _bench.Loop.SubmitAsync(
            new ComparisonRequest([new ChatMessage("user", "How do I make tea?")], $"Steep it {line} minutes.", "I do not know.")
            {
                Profile = Profile,
                Id = ComparisonId.Of(Digest, Profile, line, run),
                AtLeast = atLeast,
            },
            Cancel
        );
}
