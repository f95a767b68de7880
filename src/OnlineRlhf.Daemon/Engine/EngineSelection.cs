using System.Diagnostics;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Engine;

/// <summary>
/// Finds the build of llama.cpp's CPU backend and the number of threads that decode a model fastest. The score that a build gives itself says
/// little: on some processors the AVX-512 builds score highest and decode several times slower than AVX2 ones.
/// </summary>
/// <param name="builds">The builds to try, the most promising one first.</param>
/// <param name="threads">The threads that the settings name; 0 leaves the choice.</param>
/// <param name="cores">Performance cores.</param>
/// <param name="measure">Measures a build with so many threads, 0 for what suits the model, within a time limit.</param>
/// <param name="notTaken">Told of a build that failed, and why.</param>
internal sealed class EngineSelection(
    IReadOnlyList<string> builds,
    int threads,
    int cores,
    Func<string, int, TimeSpan, CancellationToken, Task<BenchProcessResult>> measure,
    Action<string, string> notTaken
)
{
    /// <summary>The most builds that are tried: those behind them promise less and less.</summary>
    internal const int MostBuilds = 3;

    // A try that takes so many times longer than the fastest one is of a build that is clearly slower, whatever it would measure.
    private const int Patience = 4;
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(5);

    private readonly List<EngineTrial> _trials = [];
    private readonly List<(string Build, BenchProcessResult Result)> _failures = [];
    private TimeSpan _limit = BenchProcess.Limit;

    /// <summary>Whether there is anything to choose.</summary>
    internal bool IsOpen => builds.Count > 1 || (threads == 0 && cores > 1);

    /// <summary>Tries them, a few hundred milliseconds each for a small model.</summary>
    /// <returns>
    /// The first build with the usual number of threads, unless another is notably faster, twice; null where none could be measured.
    /// </returns>
    internal async Task<EngineChoice?> RunAsync(CancellationToken cancellationToken)
    {
        EngineTrial? chosen = null;
        foreach (string build in builds)
        {
            EngineTrial? trial = await TryAsync(build, threads, cancellationToken).ConfigureAwait(false);
            chosen ??= trial;
        }
        // What is wrong with the model or a setting fails with every build, and is told when the model is loaded.
        foreach ((string build, BenchProcessResult result) in _failures.Where(f => chosen is not null || !f.Result.IsConfiguration))
            notTaken(build, result.Problem);
        if (chosen is null)
            return null;
        chosen = await FasterAsync(chosen, _trials, cancellationToken).ConfigureAwait(false);
        // Half of the threads are faster where memory is the limit. More than the usual number are never taken: a model too small to share them
        // seems faster while nothing else runs, and is a hundred times slower as soon as another program needs a core.
        if (threads == 0 && chosen.Threads > 1)
        {
            EngineTrial? half = await TryAsync(chosen.CpuVariant, chosen.Threads / 2, cancellationToken).ConfigureAwait(false);
            if (half is not null)
                chosen = await FasterAsync(chosen, [half], cancellationToken).ConfigureAwait(false);
        }
        return new EngineChoice(chosen, [.. _trials.Where(t => !IsSame(t, chosen))]);
    }

    /// <summary>The fastest of some, where it is notably faster than the usual one and is so again: one short decode may be disturbed.</summary>
    private async Task<EngineTrial> FasterAsync(EngineTrial usual, IReadOnlyList<EngineTrial> others, CancellationToken cancellationToken)
    {
        EngineTrial fastest = others.MaxBy(t => t.TokensPerSecond)!;
        if (!BenchRun.IsNotable(usual.TokensPerSecond, fastest.TokensPerSecond))
            return usual;
        EngineTrial? usualAgain = await AgainAsync(usual).ConfigureAwait(false),
            fastestAgain = await AgainAsync(fastest).ConfigureAwait(false);
        bool wins =
            usualAgain is not null && fastestAgain is not null && BenchRun.IsNotable(usualAgain.TokensPerSecond, fastestAgain.TokensPerSecond);
        return wins ? fastestAgain! : usualAgain ?? usual;

        Task<EngineTrial?> AgainAsync(EngineTrial trial) => TryAsync(trial.CpuVariant, trial.Threads, cancellationToken);
    }

    /// <summary>Other programs slow a measurement down, and none makes it faster: of two of the same the better one is kept.</summary>
    private async Task<EngineTrial?> TryAsync(string build, int count, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        BenchProcessResult result = await measure(build, count, _limit, cancellationToken).ConfigureAwait(false);
        if (result.Run is not { } run)
        {
            _failures.Add((build, result));
            return null;
        }
        TimeSpan longest = Patience * Stopwatch.GetElapsedTime(start);
        _limit =
            longest < Least && Least < _limit ? Least
            : longest < _limit ? longest
            : _limit;
        var trial = new EngineTrial(build, run.Threads, run.TokensPerSecond);
        int known = _trials.FindIndex(t => IsSame(t, trial));
        if (known < 0)
            _trials.Add(trial);
        else if (_trials[known].TokensPerSecond < trial.TokensPerSecond)
            _trials[known] = trial;
        return known < 0 ? trial : _trials[known];
    }

    private static bool IsSame(EngineTrial one, EngineTrial other) => one.CpuVariant == other.CpuVariant && one.Threads == other.Threads;
}
