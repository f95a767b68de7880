using System.Diagnostics;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Engine;

/// <summary>
/// Finds the build of llama.cpp's CPU backend and the number of threads that decode a model fastest. The score that a build gives itself says little:
/// on some processors the AVX-512 builds score highest and decode several times slower than AVX2 builds.
/// </summary>
/// <param name="builds">The builds to try, the most promising one first.</param>
/// <param name="threads">The number of threads in the settings; 0 leaves the choice open.</param>
/// <param name="cores">The number of performance cores.</param>
/// <param name="measure">Measures a build with a number of threads within a time limit; 0 threads means the number that suits the model.</param>
/// <param name="notTaken">Called with each build that failed, and the reason.</param>
internal sealed class EngineSelection(
    IReadOnlyList<string> builds,
    int threads,
    int cores,
    Func<string, int, TimeSpan, CancellationToken, Task<BenchProcessResult>> measure,
    Action<string, string> notTaken
)
{
    /// <summary>The most builds to try. The builds after these are less and less promising.</summary>
    internal const int MostBuilds = 3;

    // A trial that takes this many times as long as the fastest one is ended, because its build is clearly slower whatever it would measure.
    private const int Patience = 4;
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(5);

    private readonly List<EngineTrial> _trials = [];
    private readonly List<(string Build, BenchProcessResult Result)> _failures = [];
    private TimeSpan _limit = BenchProcess.Limit;

    /// <summary>Whether there is more than one build or number of threads to choose from.</summary>
    internal bool IsOpen => builds.Count > 1 || (threads == 0 && cores > 1);

    /// <summary>Measures the candidates, which takes a few hundred milliseconds each for a small model.</summary>
    /// <returns>
    /// The first build with the usual number of threads, unless another choice is notably faster in two measurements; null if no build
    /// could be measured.
    /// </returns>
    internal async Task<EngineChoice?> RunAsync(CancellationToken cancellationToken)
    {
        EngineTrial? chosen = null;
        foreach (string build in builds)
        {
            EngineTrial? trial = await TryAsync(build, threads, cancellationToken).ConfigureAwait(false);
            chosen ??= trial;
        }
        // If every build fails because of the model or a setting, loading the model reports it.
        foreach ((string build, BenchProcessResult result) in _failures.Where(f => chosen is not null || !f.Result.IsConfiguration))
            notTaken(build, result.Problem);
        if (chosen is null)
            return null;
        chosen = await FasterAsync(chosen, _trials, cancellationToken).ConfigureAwait(false);
        // Half of the threads are faster if memory is the limit. More threads than usual are never taken. A small model seems faster with them while
        // nothing else runs, but is a hundred times slower as soon as another program needs a core.
        if (threads == 0 && chosen.Threads > 1)
        {
            EngineTrial? half = await TryAsync(chosen.CpuVariant, chosen.Threads / 2, cancellationToken).ConfigureAwait(false);
            if (half is not null)
                chosen = await FasterAsync(chosen, [half], cancellationToken).ConfigureAwait(false);
        }
        return new EngineChoice(chosen, [.. _trials.Where(t => !IsSame(t, chosen))]);
    }

    /// <summary>
    /// Returns the fastest trial if it is notably faster than the usual one in two measurements. One short measurement may be disturbed.
    /// </summary>
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

    /// <summary>Measures once. Other programs can only slow a measurement down, so the better of two equal trials is kept.</summary>
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
