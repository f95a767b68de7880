using OnlineRlhf.Daemon.Engine;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Tests.Engine;

/// <summary>Which build and how many threads are chosen: what is measured decides, and chance does not.</summary>
public sealed class EngineSelectionTests
{
    private readonly List<(string Build, int Threads)> _measured = [];
    private readonly List<string> _notTaken = [];

    [Fact]
    public async Task The_build_that_scores_highest_is_left_for_one_that_is_faster()
    {
        EngineChoice choice = (
            await SelectAsync(
                ["zen4", "haswell", "piledriver"],
                (build, _) =>
                    build switch
                    {
                        "zen4" => 1297,
                        "haswell" => 7894,
                        _ => 4000,
                    }
            )
        )!;

        Assert.Equal(new EngineTrial("haswell", 1, 7894), choice.Chosen);
        Assert.Equal([new EngineTrial("zen4", 1, 1297), new EngineTrial("piledriver", 1, 4000)], choice.Others);
    }

    [Fact]
    public async Task A_small_difference_leaves_the_first_build()
    {
        EngineChoice choice = (await SelectAsync(["zen4", "haswell"], (build, _) => build == "zen4" ? 1000 : 1090))!;

        Assert.Equal("zen4", choice.Chosen.CpuVariant);
        Assert.Equal(2, _measured.Count);
    }

    [Fact]
    public async Task A_build_that_wins_once_and_not_again_is_not_taken()
    {
        int first = 0;
        EngineChoice choice = (await SelectAsync(["haswell", "piledriver"], (build, _) => build == "haswell" && first++ == 0 ? 100 : 1000))!;

        Assert.Equal(new EngineTrial("haswell", 1, 1000), choice.Chosen);
    }

    [Theory]
    [InlineData("haswell")]
    [InlineData("piledriver")]
    public async Task Where_one_of_both_cannot_be_measured_again_the_first_build_stays(string fails)
    {
        Dictionary<string, int> times = [];
        EngineChoice choice = (
            await SelectAsync(
                ["haswell", "piledriver"],
                (build, _) =>
                    (times[build] = times.GetValueOrDefault(build) + 1) > 1 && build == fails ? null
                    : build == "haswell" ? 100
                    : 1000
            )
        )!;

        Assert.Equal("haswell", choice.Chosen.CpuVariant);
    }

    [Fact]
    public async Task Fewer_threads_are_taken_where_they_are_notably_faster()
    {
        EngineChoice faster = (await SelectAsync(["haswell"], (_, threads) => threads == 2 ? 1200 : 1000, usual: 4))!;
        EngineChoice alike = (await SelectAsync(["haswell"], (_, threads) => threads == 2 ? 1050 : 1000, usual: 4))!;

        Assert.Equal(2, faster.Chosen.Threads);
        Assert.Equal(4, alike.Chosen.Threads);
    }

    [Fact]
    public async Task A_model_that_suits_one_thread_is_never_given_more()
    {
        await SelectAsync(["haswell", "piledriver"], (_, _) => 1000, usual: 1);

        Assert.DoesNotContain(_measured, m => m.Threads > 1);
    }

    [Fact]
    public async Task Threads_that_the_settings_name_are_not_compared()
    {
        await SelectAsync(["haswell", "piledriver"], (_, _) => 1000, usual: 4, threads: 4);

        Assert.Equal([("haswell", 4), ("piledriver", 4)], _measured);
    }

    [Fact]
    public void With_one_build_and_one_number_of_threads_nothing_is_tried()
    {
        Assert.False(Selection(["haswell"], threads: 0, cores: 1, (_, _) => 1, 1).IsOpen);
        Assert.False(Selection(["haswell"], threads: 4, cores: 8, (_, _) => 1, 1).IsOpen);
        Assert.True(Selection(["haswell"], threads: 0, cores: 8, (_, _) => 1, 1).IsOpen);
        Assert.True(Selection(["zen4", "haswell"], threads: 1, cores: 1, (_, _) => 1, 1).IsOpen);
    }

    [Fact]
    public async Task A_build_that_fails_is_not_taken_and_that_is_told()
    {
        EngineChoice choice = (await SelectAsync(["zen4", "haswell"], (build, _) => build == "zen4" ? null : 1000))!;

        Assert.Equal("haswell", choice.Chosen.CpuVariant);
        Assert.Empty(choice.Others);
        Assert.Equal(["zen4: it crashed"], _notTaken);
    }

    [Fact]
    public async Task Where_all_fail_nothing_is_chosen()
    {
        Assert.Null(await SelectAsync(["zen4", "haswell"], (_, _) => null));
        Assert.Equal(2, _notTaken.Count);
    }

    [Fact]
    public async Task What_is_wrong_with_the_model_is_left_to_who_loads_it()
    {
        int tried = 0;
        var selection = new EngineSelection(
            ["zen4", "haswell"],
            0,
            2,
            (_, _, _, _) =>
            {
                tried++;
                return Task.FromResult(new BenchProcessResult(null, "damaged", IsConfiguration: true));
            },
            (build, _) => _notTaken.Add(build)
        );

        Assert.Null(await selection.RunAsync(TestContext.Current.CancellationToken));
        Assert.Equal(2, tried);
        Assert.Empty(_notTaken);
    }

    [Fact]
    public async Task A_build_that_cannot_be_loaded_is_not_taken_and_another_one_is()
    {
        var selection = new EngineSelection(
            ["zzz", "haswell"],
            1,
            1,
            (build, threads, _, _) =>
                Task.FromResult(
                    build == "zzz"
                        ? new BenchProcessResult(null, "llama.cpp cannot load it", IsConfiguration: true)
                        : new BenchProcessResult(new BenchRun("CPU", build, threads, 100, 100))
                ),
            (build, _) => _notTaken.Add(build)
        );

        Assert.Equal("haswell", (await selection.RunAsync(TestContext.Current.CancellationToken))?.Chosen.CpuVariant);
        Assert.Equal(["zzz"], _notTaken);
    }

    [Fact]
    public async Task A_build_that_takes_much_longer_than_the_fastest_is_stopped()
    {
        List<TimeSpan> limits = [];
        var selection = new EngineSelection(
            ["haswell", "zen4"],
            1,
            1,
            (build, _, limit, _) =>
            {
                limits.Add(limit);
                return Task.FromResult(new BenchProcessResult(new BenchRun("CPU", build, 1, 100, 100)));
            },
            (_, _) => { }
        );

        await selection.RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal([BenchProcess.Limit, TimeSpan.FromSeconds(5)], limits);
    }

    private Task<EngineChoice?> SelectAsync(string[] builds, Func<string, int, double?> speed, int usual = 1, int threads = 0) =>
        Selection(builds, threads, cores: 8, speed, usual).RunAsync(TestContext.Current.CancellationToken);

    private EngineSelection Selection(string[] builds, int threads, int cores, Func<string, int, double?> speed, int usual) =>
        new(
            builds,
            threads,
            cores,
            (build, count, _, _) => Task.FromResult(Measure(speed, build, count == 0 ? usual : count)),
            (build, why) => _notTaken.Add($"{build}: {why}")
        );

    private BenchProcessResult Measure(Func<string, int, double?> speed, string build, int threads)
    {
        _measured.Add((build, threads));
        return speed(build, threads) is { } tokens
            ? new BenchProcessResult(new BenchRun("CPU", build, threads, tokens, 1))
            : new BenchProcessResult(null, "it crashed");
    }
}
