namespace OnlineRlhf.Daemon.Engine;

/// <summary>How a process ended that measured the model.</summary>
/// <param name="Run">What it measured; null where it failed.</param>
/// <param name="Problem">Why it failed; empty where it did not.</param>
/// <param name="IsConfiguration">Whether it failed for the model or a setting: no other build would do better.</param>
internal sealed record ChildResult(BenchRun? Run, string Problem = "", bool IsConfiguration = false);
