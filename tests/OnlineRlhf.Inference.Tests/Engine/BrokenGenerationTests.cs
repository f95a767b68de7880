using System.Globalization;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Engine;

/// <summary>Generations that are broken off. It runs alone, because it looks at the memory of the whole process.</summary>
[Collection(nameof(Alone))]
public sealed class BrokenGenerationTests
{
    [Fact]
    public void A_generation_that_is_cancelled_or_fails_leaves_nothing_behind()
    {
        using LanguageModel model = LanguageModel.Load(Models.Options(Models.DemoPath), TestContext.Current.CancellationToken);
        int runs = Environment.GetEnvironmentVariable("ONLINERLHF_LONG_TESTS") == "1" ? 10_000 : 200;
        long early = 0;
        for (int run = 0; run < runs; run++)
        {
            Break(model, run);
            if (run == runs / 4)
                early = PrivateBytes();
        }
        long grown = PrivateBytes() - early;
        // A leak of 4 KiB a generation would show in the long form.
        Assert.True(grown < 16 << 20, $"{runs} broken generations left {grown} bytes");
        Assert.InRange(model.Context.RentedSequences, 0, 4);
        Assert.NotEmpty(SteeringTests.Steer(model, new Guide(b => b.Text.Length), new string?[8], 1, maxTokens: 40).Leader.Text);
    }

    /// <summary>Begins a generation that is cancelled after some steps, or whose guide fails.</summary>
    private static void Break(LanguageModel model, int run)
    {
        using var stop = new CancellationTokenSource();
        int calls = 0;
        var guide = new Guide(
            b => run % 3 == 0 && ++calls > run % 20 ? throw new InvalidOperationException() : b.Text.Length,
            withChallenger: run % 2 == 0
        );
        try
        {
            _ = model.Steer(
                model.Tokenize(SteeringTests.Messages),
                new string?[8],
                new SamplingOptions { Seed = (uint)run, MaxTokens = 40 },
                SteeringTests.Blocks,
                guide,
                new StopAfter(stop, run % 40),
                "ada",
                stop.Token
            );
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException)
        {
            // That is what is tested.
        }
    }

    private static long PrivateBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("RssAnon:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private sealed class StopAfter(CancellationTokenSource stop, int steps) : IProgress<SamplingProgress>
    {
        private int _steps;

        public void Report(SamplingProgress value)
        {
            if (_steps++ == steps)
                stop.Cancel();
        }
    }
}

/// <summary>Tests that no other test may run beside.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
