using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage.CrashWriter;

namespace OnlineRlhf.Storage.Tests;

/// <summary>The child process is killed again and again, on one state that grows through several rings.</summary>
internal static class KillTests
{
    /// <summary>Whether the long form of the tests was asked for.</summary>
    public static bool LongForm => Environment.GetEnvironmentVariable("ONLINERLHF_LONG_TESTS") == "1";

    public static void KillRepeatedly(int dimension, bool trace, int kills)
    {
        using var folder = new StateFolder(dimension);
        var expected = new OnePassRewardModel(dimension, new HyperParameters());
        var random = new Random(dimension);
        int unacknowledged = 0;
        for (int kill = 0; kill < (LongForm ? 20 * kills : kills); kill++)
        {
            long before = expected.Comparisons;
            long acknowledged = Math.Max(
                before,
                Child.KillAfter(random.Next(1, (trace ? 80 : 24) * Math.Max(1, dimension / 16)), folder, new HyperParameters(), trace)
            );
            using ProfileStore store = folder.Open();
            Assert.True(store.Recovery.IsClean, string.Join(' ', store.Recovery.Problems));
            // At most one comparison that was being written: durable, but its acknowledgement never left.
            Assert.InRange(store.Sequence, acknowledged, acknowledged + 1);
            unacknowledged += (int)(store.Sequence - acknowledged);
            Oracle.Advance(expected, store.Sequence);
            Oracle.AssertSame(expected, store.CatchUp());
            for (long sequence = Math.Max(1, store.Sequence - dimension + 1); sequence <= store.Sequence; sequence++)
            {
                Assert.True(store.TryFind(Known.Round(StateFolder.Seed, sequence), out RecordedComparison found));
                Assert.Equal((sequence, Known.Label(StateFolder.Seed, sequence)), (found.Sequence, found.Label));
            }
        }
        Assert.True(expected.Comparisons > 2 * dimension, $"only {expected.Comparisons} comparisons");
        TestContext.Current.SendDiagnosticMessage(
            $"d = {dimension}: {expected.Comparisons} comparisons, {unacknowledged} of them durable but not acknowledged when killed"
        );
    }
}
