namespace OnlineRlhf.Daemon.Engine;

/// <summary>How a process ended that measured the model.</summary>
/// <param name="Run">What it measured; null where it failed.</param>
/// <param name="Problem">Why it failed; empty where it did not.</param>
/// <param name="IsConfiguration">
/// Whether it could not load the model or the build: where no other build can either, the model or a setting is wrong.
/// </param>
internal sealed record BenchProcessResult(BenchRun? Run, string Problem = "", bool IsConfiguration = false);
