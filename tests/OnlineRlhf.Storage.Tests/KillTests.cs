using OnlineRlhf.Learning;

namespace OnlineRlhf.Storage.Tests;

/// <summary>The child process is killed again and again, on one state that grows through several rings.</summary>
internal static class KillTests
{
    /// <summary>Whether the long form of the tests was asked for.</summary>
    public static bool LongForm => Environment.GetEnvironmentVariable("ONLINERLHF_LONG_TESTS") == "1";

    public static void KillRepeatedly(int dimension, bool trace, int kills, bool mixed)
    {
        using var folder = new StateFolder(dimension, mixed);
        var random = new Random(dimension);
        long steps = 0,
            unacknowledged = 0;
        for (int kill = 0; kill < (LongForm ? 40 * kills : kills); kill++)
        {
            long acknowledged = Math.Max(
                steps,
                Child.KillAfter(random.Next(1, (trace ? 80 : 24) * Math.Max(1, dimension / 16)), folder, new HyperParameters(), trace)
            );
            using ProfileStore store = folder.Open();
            steps = folder.StepsOf(store);
            // At most one step that was being written: durable, but its acknowledgement never left.
            Assert.InRange(steps, acknowledged, acknowledged + 1);
            unacknowledged += steps - acknowledged;
            folder.AssertSound(store);
        }
        Assert.True(steps > 2 * dimension, $"only {steps} steps");
        TestContext.Current.SendDiagnosticMessage(
            $"d = {dimension}: {steps} steps, {unacknowledged} of them durable but not acknowledged when killed"
        );
    }
}
