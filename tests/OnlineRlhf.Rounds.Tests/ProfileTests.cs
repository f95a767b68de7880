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
                Assert.InRange(_bench.Loop.OpenProfiles, 1, 2);
            }
        }
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

    [Fact]
    public async Task A_state_of_another_feature_map_is_refused_and_left_as_it_is()
    {
        Round round = await _bench.OpenAsync(profile: "anna");
        await _bench.PressAsync(round.Id, Preferred.First);
        _bench.Loop.Dispose();
        string file = Directory.EnumerateFiles(_bench.ProfileFolder("anna")).First();
        string calibration = Directory.EnumerateFiles(_bench.State, "*.json").Single();
        await File.WriteAllTextAsync(calibration, (await File.ReadAllTextAsync(calibration, TestContext.Current.CancellationToken)).Replace("0.", "1.", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        byte[] before = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        _bench.Restart();
        StateException refused = await Assert.ThrowsAsync<StateException>(() => _bench.OpenAsync(profile: "anna"));
        Assert.Equal(StateError.DoesNotFit, refused.Reason);
        Assert.Equal(before, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        Assert.NotEmpty((await _bench.OpenAsync(profile: "ben")).First.Text);
    }
}
