using System.IO.Compression;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage.CrashWriter;

namespace OnlineRlhf.Storage.Tests;

/// <summary>States that earlier versions wrote open and go on.</summary>
public class EarlierVersionTests
{
    /// <summary>d = 8, left by a kill of version 0.1.0 with LiteDB 5.0.20: comparison 27 is in the log, and not yet in the data file.</summary>
    [Fact]
    public void A_state_of_version_0_1_0_opens_and_goes_on()
    {
        const int Dimension = 8;
        const long Sequence = 27;
        using var folder = new StateFolder(Dimension);
        _ = Directory.CreateDirectory(folder.Profile);
        Unpack("state.db.gz", folder.Data);
        Unpack("state-log.db.gz", folder.Log);
        using (ProfileStore store = folder.Open())
        {
            Assert.Equal(
                (RecoveryOutcome.Restored, true, Sequence, 24L),
                (store.Recovery.Outcome, store.Recovery.IsClean, store.Sequence, store.Recovery.CheckpointSequence)
            );
            for (long known = Sequence - Dimension + 1; known <= Sequence; known++)
            {
                Assert.True(store.TryFind(Known.Round(StateFolder.Seed, known), out RecordedComparison found));
                Assert.Equal((known, Known.Label(StateFolder.Seed, known)), (found.Sequence, found.Label));
            }
            AssertNear(Oracle.After(Sequence, Dimension), store.CatchUp());
            folder.Append(store, Sequence + (2 * Dimension));
        }
        using ProfileStore again = folder.Open();
        Assert.True(again.Recovery.IsClean);
        AssertNear(Oracle.After(Sequence + (2 * Dimension), Dimension), again.CatchUp());
    }

    /// <summary>Another processor may have rounded otherwise.</summary>
    private static void AssertNear(OnePassRewardModel expected, OnePassRewardModel actual)
    {
        Assert.Equal(expected.Comparisons, actual.Comparisons);
        for (int i = 0; i < expected.Dimension; i++)
            Assert.Equal(expected.Parameter[i], actual.Parameter[i], 1e-9);
        for (int i = 0; i < expected.Factor.Length; i++)
            Assert.Equal(expected.Factor[i], actual.Factor[i], 1e-9);
    }

    private static void Unpack(string fixture, string to)
    {
        using Stream packed = typeof(EarlierVersionTests).Assembly.GetManifestResourceStream(fixture)!;
        using var content = new GZipStream(packed, CompressionMode.Decompress);
        using FileStream file = File.Create(to);
        content.CopyTo(file);
    }
}
