using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Rounds.Tests;

public sealed class AskingTests
{
    [Fact]
    public async Task At_most_seven_rounds_in_a_row_ask_nothing()
    {
        using var bench = new Bench(new RoundOptions { Ask = AskMode.WhenUseful, Usefulness = 0 });
        // A first comparison, so that one candidate leads and k = 0 leaves nothing to ask.
        await bench.PressAsync((await bench.OpenAsync(ask: AskMode.Always)).Id, Preferred.First);
        List<bool> asked = [];
        for (uint seed = 1; seed <= 16; seed++)
            asked.Add((await bench.OpenAsync(seed: seed)).Asked);
        Assert.Equal([7, 15], asked.Index().Where(a => a.Item).Select(a => a.Index));
    }

    [Fact]
    public async Task The_count_of_unasked_rounds_survives_that_the_profile_is_closed()
    {
        using var bench = new Bench(
            new RoundOptions
            {
                Ask = AskMode.WhenUseful,
                Usefulness = 0,
                ProfilesInMemory = 1,
            }
        );
        await bench.PressAsync((await bench.OpenAsync(ask: AskMode.Always)).Id, Preferred.First);
        List<bool> asked = [];
        for (uint seed = 1; seed <= 8; seed++)
        {
            asked.Add((await bench.OpenAsync(seed: seed)).Asked);
            await bench.OpenAsync(profile: "other", seed: seed);
        }
        Assert.Equal([7], asked.Index().Where(a => a.Item).Select(a => a.Index));
    }

    [Fact]
    public async Task A_daemon_that_is_restarted_often_asks_all_the_same()
    {
        using var bench = new Bench(new RoundOptions { Ask = AskMode.WhenUseful, Usefulness = 0 });
        await bench.PressAsync((await bench.OpenAsync(ask: AskMode.Always)).Id, Preferred.First);
        List<bool> asked = [];
        for (uint seed = 1; seed <= 12; seed++)
        {
            if (seed % 3 == 0)
                bench.Restart();
            asked.Add((await bench.OpenAsync(seed: seed)).Asked);
        }
        Assert.Equal([2, 5, 8, 11], asked.Index().Where(a => a.Item).Select(a => a.Index));
    }

    [Fact]
    public async Task An_untouched_profile_is_asked()
    {
        using var bench = new Bench(new RoundOptions { Ask = AskMode.WhenUseful });
        Assert.True((await bench.OpenAsync()).Asked);
    }
}
