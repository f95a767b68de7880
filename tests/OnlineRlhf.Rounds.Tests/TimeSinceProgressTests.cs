using Microsoft.Extensions.Time.Testing;
using OnlineRlhf.Inference;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>What the watchdog is told of: how long the engine has made no progress.</summary>
public sealed class TimeSinceProgressTests : IDisposable
{
    private readonly string _state = Directory.CreateTempSubdirectory("onlinerlhf-progress-").FullName;

    public void Dispose() => Directory.Delete(_state, recursive: true);

    [Fact]
    public async Task An_idle_time_does_not_count_not_even_in_the_moment_in_which_a_request_comes()
    {
        var clock = new WatchedClock();
        using PreferenceLoop loop = await OpenAsync(clock);
        await loop.OpenRoundAsync(Bench.Ask(), TestContext.Current.CancellationToken);
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.Zero, loop.Status.TimeSinceProgress);

        clock.Watch = () => loop.Status.TimeSinceProgress;
        await loop.OpenRoundAsync(Bench.Ask(seed: 2), TestContext.Current.CancellationToken);
        clock.Watch = null;
        Assert.Equal(TimeSpan.Zero, clock.Longest);
    }

    [Fact]
    public async Task Every_batch_of_a_long_prompt_is_progress()
    {
        string path = Path.Combine(_state, "model.gguf");
        await File.WriteAllBytesAsync(
            path,
            Inference.Tests.PatchedModel.WithNumber("llama.context_length", 4096),
            TestContext.Current.CancellationToken
        );
        using LanguageModel model = LanguageModel.Load(
            new LanguageModelOptions
            {
                ModelPath = path,
                Threads = 1,
                ContextTokens = 4096,
            },
            TestContext.Current.CancellationToken
        );
        var clock = new FakeTimeProvider();
        using PreferenceLoop loop = await PreferenceLoop.OpenAsync(
            model,
            _state,
            new RoundOptions
            {
                Sampling = new() { MaxTokens = 8, Candidates = 2 },
            },
            clock,
            cancellationToken: TestContext.Current.CancellationToken
        );
        TimeSpan longest = TimeSpan.Zero;
        int batches = 0;
        // A slow board: each batch takes a minute, behind which the watchdog looks.
        model.Progressed += () =>
        {
            batches++;
            clock.Advance(TimeSpan.FromMinutes(1));
            longest = loop.Status.TimeSinceProgress > longest ? loop.Status.TimeSinceProgress : longest;
        };
        string text = string.Concat(Enumerable.Repeat("Tell me about the moon. ", 300));
        await loop.OpenRoundAsync(Bench.Ask(text), TestContext.Current.CancellationToken);

        Assert.InRange(batches, 5, 40);
        Assert.Equal(TimeSpan.FromMinutes(1), longest);
    }

    [Fact]
    public async Task Who_waits_does_not_make_up_for_who_stands_still()
    {
        var clock = new FakeTimeProvider();
        using PreferenceLoop loop = await OpenAsync(clock);
        using var held = new ManualResetEventSlim();
        using var inside = new ManualResetEventSlim();
        void Hold()
        {
            inside.Set();
            held.Wait();
        }
        Bench.Model.Progressed += Hold;
        Task<Round> first = loop.OpenRoundAsync(Bench.Ask(), TestContext.Current.CancellationToken);
        inside.Wait(TestContext.Current.CancellationToken);
        clock.Advance(TimeSpan.FromMinutes(5));
        Task<Round> second = loop.OpenRoundAsync(Bench.Ask(seed: 2), TestContext.Current.CancellationToken);
        Assert.Equal(TimeSpan.FromMinutes(5), loop.Status.TimeSinceProgress);
        Bench.Model.Progressed -= Hold;
        held.Set();
        await Task.WhenAll(first, second);
        Assert.Equal(TimeSpan.Zero, loop.Status.TimeSinceProgress);
    }

    private Task<PreferenceLoop> OpenAsync(TimeProvider clock) =>
        PreferenceLoop.OpenAsync(
            Bench.Model,
            _state,
            new RoundOptions
            {
                Sampling = new() { MaxTokens = 8, Candidates = 2 },
            },
            clock,
            cancellationToken: TestContext.Current.CancellationToken
        );

    /// <summary>Looks at the time without progress whenever somebody asks for the time, as a watchdog does in the worst moment.</summary>
    private sealed class WatchedClock : FakeTimeProvider
    {
        private bool _looking;

        internal Func<TimeSpan>? Watch { get; set; }

        internal TimeSpan Longest { get; private set; }

        public override long GetTimestamp()
        {
            if (!_looking && Watch is { } look)
            {
                _looking = true;
                TimeSpan seen = look();
                Longest = seen > Longest ? seen : Longest;
                _looking = false;
            }
            return base.GetTimestamp();
        }
    }
}
