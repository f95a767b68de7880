namespace OnlineRlhf.Daemon.Engine;

/// <summary>The result of a process that measured the model.</summary>
/// <param name="Run">The measurement; null if the process failed.</param>
/// <param name="Problem">Why the process failed; empty if it did not.</param>
/// <param name="IsConfiguration">
/// Whether the process could not load the model or the build. If every build fails so, the model or a setting is wrong.
/// </param>
internal sealed record BenchProcessResult(BenchRun? Run, string Problem = "", bool IsConfiguration = false);
