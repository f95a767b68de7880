using OnlineRlhf.Rounds.Feedback;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Tests;

public sealed class ProfileTests : IDisposable
{
    private readonly Bench _bench = new(new RoundOptions { ProfilesInMemory = 2 });

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Few_profiles_are_in_memory_and_none_is_lost()
    {
        string[] names = ["anna", "ben", "a-log", "a", "Anna"];
        for (int turn = 1; turn <= 3; turn++)
        {
            foreach (string name in names)
            {
                Round round = await _bench.OpenAsync(profile: name, seed: (uint)turn);
                Assert.Equal(turn, (await _bench.PressAsync(round.Id, Preferred.First)).Comparisons);
                Assert.InRange(_bench.Loop.Status.OpenProfiles, 1, 2);
            }
        }
    }

    [Fact]
    public async Task A_profile_that_opens_slowly_does_not_hold_up_another()
    {
        await _bench.PressAsync((await _bench.OpenAsync(profile: "slow")).Id, Preferred.First);
        _bench.Restart();
        Round round = await _bench.OpenAsync(profile: "quick", ask: AskMode.Always);
        using var opening = new SemaphoreSlim(0);
        using var mayOpen = new ManualResetEventSlim();
        _bench.Opened = profile =>
        {
            if (profile != "slow")
                return;
            opening.Release();
            mayOpen.Wait(TestContext.Current.CancellationToken);
        };
        Task<Round> slow = Task.Run(() => _bench.OpenAsync(profile: "slow"), TestContext.Current.CancellationToken);
        await opening.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            Task<FeedbackResult> press = Task.Run(() => _bench.PressAsync(round.Id, Preferred.First), TestContext.Current.CancellationToken);
            Assert.Equal(1, (await press.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).Comparisons);
        }
        finally
        {
            mayOpen.Set();
        }
        await slow;
    }

    [Fact]
    public async Task A_checkpoint_that_is_due_is_finished_before_its_profile_is_closed_for_another()
    {
        using var bench = new Bench(new RoundOptions { ProfilesInMemory = 1 });
        var identity = new StateIdentity(Bench.Model.Fingerprint, bench.Loop.FeatureMap.Fingerprint, bench.Loop.FeatureMap.Dimension);
        ProfileStore OpenStore() => ProfileStore.Open(bench.ProfileFolder("anna"), identity, bench.Options.HyperParameters);
        using (ProfileStore store = OpenStore())
        {
            while (!store.CheckpointDue)
                store.Append(Guid.NewGuid(), new float[identity.Dimension], 1, ComparisonKind.Press);
        }
        await bench.PressAsync((await bench.OpenAsync(profile: "anna")).Id, Preferred.First);
        // The store cannot be opened here before the loop has closed it.
        Exception? busy;
        do
        {
            await bench.OpenAsync(profile: "ben");
            busy = Record.Exception(() =>
            {
                using ProfileStore closed = OpenStore();
                Assert.False(closed.CheckpointDue);
            });
        } while (busy is StateException { Reason: StateError.Busy });
        Assert.Null(busy);
    }

    [Fact]
    public async Task Beyond_the_most_profiles_a_new_one_is_not_stored_and_the_others_learn_on()
    {
        using var bench = new Bench(new RoundOptions { ProfilesStored = 1 });
        await bench.PressAsync((await bench.OpenAsync(profile: "anna")).Id, Preferred.First);
        Round round = await bench.OpenAsync(profile: "ben");
        Assert.Equal(RoundError.TooManyProfiles, await bench.RefusalAsync(round.Id, Preferred.First));
        Assert.False(Directory.Exists(bench.ProfileFolder("ben")));
        Assert.False((await bench.PressAsync(round.Id, Preferred.Skip)).Recorded);
        Assert.Equal(2, (await bench.PressAsync((await bench.OpenAsync(profile: "anna")).Id, Preferred.First)).Comparisons);
    }

    [Fact]
    public async Task Feedback_that_waits_while_the_loop_is_closed_is_told_so()
    {
        Round round = await _bench.OpenAsync(profile: "anna"),
            other = await _bench.OpenAsync(profile: "ben");
        using var opening = new SemaphoreSlim(0);
        using var mayOpen = new ManualResetEventSlim();
        _bench.Opened = _ =>
        {
            opening.Release();
            mayOpen.Wait(TestContext.Current.CancellationToken);
        };
        Task<FeedbackResult> running = Task.Run(() => _bench.PressAsync(round.Id, Preferred.First), TestContext.Current.CancellationToken);
        await opening.WaitAsync(TestContext.Current.CancellationToken);
        Task closing = Task.Run(_bench.Loop.Dispose, TestContext.Current.CancellationToken);
        Task<FeedbackResult> waiting = _bench.PressAsync(other.Id, Preferred.First);
        mayOpen.Set();
        await closing;
        Assert.Equal(1, (await running).Comparisons);
        // Whichever came first, it ends: learned, or refused because it is too late.
        Exception? refused = await Record.ExceptionAsync(() => waiting.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.True(refused is null or ObjectDisposedException, refused?.ToString());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _bench.PressAsync(other.Id, Preferred.First));
    }

    [Fact]
    public async Task The_names_of_profiles_are_hidden_from_others_also_where_they_could_be_seen_before()
    {
        await _bench.PressAsync((await _bench.OpenAsync(profile: "anna")).Id, Preferred.First);
        string profiles = Path.Combine(_bench.State, "profiles");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(profiles));
        File.SetUnixFileMode(profiles, File.GetUnixFileMode(profiles) | UnixFileMode.OtherRead);
        _bench.Restart();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(profiles));
    }

    [Fact]
    public async Task A_profile_that_only_asks_leaves_no_file()
    {
        await _bench.OpenAsync(profile: "curious");
        Assert.False(Directory.Exists(_bench.ProfileFolder("curious")));
    }

    [Fact]
    public async Task A_press_on_a_round_whose_profile_was_closed_meanwhile_is_learned()
    {
        Round round = await _bench.OpenAsync(profile: "anna");
        foreach (string name in new[] { "b", "c", "d" })
            await _bench.OpenAsync(profile: name);
        Assert.Equal(1, (await _bench.PressAsync(round.Id, Preferred.Second)).Comparisons);
    }
}
