using System.IO.Compression;
using LiteDB;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage.CrashWriter;
using OnlineRlhf.Storage.Disk;
using OnlineRlhf.Storage.Layout;

namespace OnlineRlhf.Storage.Tests;

/// <summary>States that earlier versions wrote open, are carried over to this format, and go on.</summary>
public class EarlierVersionTests
{
    /// <summary>
    /// The names of the files; d; the last comparison; that of the newest checkpoint. The first state was left by a kill of version 0.1.0 with LiteDB
    /// 5.0.20: comparison 27 is in the log, and not yet in the data file. The second one was left by a kill of the last version with format 1. Its
    /// ring is not full yet.
    /// </summary>
    public static TheoryData<string, int, long, long> States => new() { { "state", 8, 27, 24 }, { "part-state", 24, 16, 12 } };

    [Theory]
    [MemberData(nameof(States))]
    public void A_state_of_format_1_opens_with_the_same_bits_and_answers_and_goes_on(string name, int dimension, long sequence, long checkpoint)
    {
        using StateFolder folder = Unpack(name, dimension);
        OnePassRewardModel expected = ReadFormat1(folder, dimension);
        for (int opening = 0; opening < 2; opening++)
        {
            using ProfileStore store = folder.Open();
            AssertCarriedOver(store, expected);
            Assert.Equal(opening == 0 ? checkpoint : sequence, store.Recovery.CheckpointSequence);
        }
        AssertNear(Oracle.After(sequence, dimension), expected);
        using (ProfileStore store = folder.Open())
        {
            Assert.True(store.Hold(Guid.NewGuid(), Guid.Empty, new float[dimension], Script.Now));
            folder.Append(store, sequence + (2 * dimension));
        }
        using ProfileStore again = folder.Open();
        Assert.True(again.Recovery.IsClean);
        Assert.Equal((1, new ComparisonCounts { Unknown = sequence, Press = 2 * dimension }), (again.CountHeld(Script.Now), again.Counts));
        Oracle.Advance(expected, sequence + (2 * dimension));
        Oracle.AssertSame(expected, again.CatchUp());
    }

    [Fact]
    public void A_state_that_is_carried_over_is_as_large_as_a_new_one()
    {
        using StateFolder folder = Unpack("part-state", 24);
        using var fresh = new StateFolder(24, name: "fresh");
        folder.Open().Dispose();
        fresh.Open().Dispose();
        Assert.Equal(fresh.Bytes, folder.Bytes);
        Assert.Equal(["state-log.db", "state.db", "state.lock"], Directory.EnumerateFiles(folder.Profile).Select(Path.GetFileName).Order());
    }

    /// <summary>The file as each operation finds it is what a kill just before it leaves.</summary>
    [Theory]
    [MemberData(nameof(States))]
    public void A_kill_before_any_operation_of_the_carrying_over_loses_nothing(string name, int dimension, long sequence, long checkpoint)
    {
        OnePassRewardModel expected;
        var left = new List<Dictionary<string, byte[]>>();
        using (StateFolder folder = Unpack(name, dimension))
        {
            expected = ReadFormat1(folder, dimension);
            folder.Open((_, _, _, _) => left.Add(Databases(folder).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes))).Dispose();
        }
        Assert.True(left.Count > 10, $"only {left.Count} operations");
        Assert.Contains(left, files => files.ContainsKey("state.db.new"));
        foreach (Dictionary<string, byte[]> files in left)
        {
            using var folder = new StateFolder(dimension);
            _ = Directory.CreateDirectory(folder.Profile);
            foreach ((string file, byte[] content) in files)
                File.WriteAllBytes(Path.Combine(folder.Profile, file), content);
            using ProfileStore store = folder.Open();
            AssertCarriedOver(store, expected);
            Assert.InRange(store.Recovery.CheckpointSequence, checkpoint, sequence);
        }
    }

    [Theory]
    [MemberData(nameof(States))]
    public void On_a_full_disk_a_state_of_format_1_serves_on_and_records_again_once_there_is_space(
        string name,
        int dimension,
        long sequence,
        long checkpoint
    )
    {
        using StateFolder folder = Unpack(name, dimension);
        OnePassRewardModel expected = ReadFormat1(folder, dimension);
        bool full = true;
        for (int failAt = 0; failAt < 20; failAt++)
        {
            int left = failAt;
            using ProfileStore store = folder.Open(
                (file, kind, _, _) =>
                {
                    // The old file has its space; the new one and a longer log need more.
                    if (full && kind == DiskOperation.Write && !file.EndsWith("state.db", StringComparison.Ordinal) && left-- <= 0)
                        throw new IOException("made to fail", 28);
                }
            );
            Assert.True(store.Recovery.Problems is [{ } problem] && problem.Contains("serves on", StringComparison.Ordinal), $"{failAt}");
            Assert.Equal((RecoveryOutcome.Restored, checkpoint), (store.Recovery.Outcome, store.Recovery.CheckpointSequence));
            AssertSame(store, expected);
            Assert.False(store.CheckpointDue);
            Assert.Equal(StateError.DiskFull, Assert.Throws<StateException>(() => folder.AppendNext(store)).Reason);
            Assert.Equal(StateError.DiskFull, Assert.Throws<StateException>(() => store.Trust(Guid.Empty, Script.Now)).Reason);
            AssertSame(store, expected);
        }
        full = false;
        using ProfileStore again = folder.Open();
        AssertCarriedOver(again, expected);
        folder.Append(again, sequence + 5);
    }

    private static void AssertCarriedOver(ProfileStore store, OnePassRewardModel expected)
    {
        Assert.Equal((RecoveryOutcome.Restored, true), (store.Recovery.Outcome, store.Recovery.IsClean));
        AssertSame(store, expected);
    }

    private static void AssertSame(ProfileStore store, OnePassRewardModel expected)
    {
        Oracle.AssertSame(expected, store.CatchUp());
        Assert.Equal(new ComparisonCounts { Unknown = expected.Comparisons }, store.Counts);
        for (long known = Math.Max(1, expected.Comparisons - expected.Dimension + 1); known <= expected.Comparisons; known++)
        {
            Assert.True(store.TryFind(Known.Round(StateFolder.Seed, known), out RecordedComparison found));
            Assert.Equal(
                new RecordedComparison(found.RoundId, known, Known.Label(StateFolder.Seed, known, mixed: false), ComparisonKind.Unknown),
                found
            );
        }
        Assert.Equal((0, false), (store.CountHeld(Script.Now), store.IsTrusted(Guid.Empty)));
    }

    /// <summary>The model by the file's own newest checkpoint and what follows it, read without the code that is tested.</summary>
    private static OnePassRewardModel ReadFormat1(StateFolder folder, int dimension)
    {
        using StateDatabase database = StateDatabase.OpenToRead(folder.Data, folder.Log, null);
        BsonDocument newest = new[] { 1, 2 }
            .Select(number => database.Find("meta", number, out _)!)
            .Where(header => header["valid"].AsBoolean)
            .MaxBy(header => header["generation"].AsInt64)!;
        double[] state = new double[(2 * dimension) + (dimension * (dimension + 1) / 2)];
        Buffer.BlockCopy(database.Find($"checkpoint{newest["_id"].AsInt32}", 0, out _)!["data"].AsBinary, 0, state, 0, state.Length * sizeof(double));
        var model = new OnePassRewardModel(dimension, new HyperParameters());
        model.Restore(newest["sequence"].AsInt64, state.AsSpan(0, dimension), state.AsSpan(dimension, dimension), state.AsSpan(2 * dimension));
        while (database.Find("ring", (int)(model.Comparisons % dimension), out _) is { } next && next["sequence"].AsInt64 == model.Comparisons + 1)
        {
            Assert.False(next.ContainsKey("kind"));
            float[] difference = new float[dimension];
            Buffer.BlockCopy(next["z"].AsBinary, 0, difference, 0, dimension * sizeof(float));
            model.Observe(new Comparison(difference, next["y"].AsDouble));
        }
        return model;
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

    private static IEnumerable<string> Databases(StateFolder folder) =>
        Directory.EnumerateFiles(folder.Profile).Where(file => !file.EndsWith("state.lock", StringComparison.Ordinal));

    private static StateFolder Unpack(string name, int dimension)
    {
        var folder = new StateFolder(dimension);
        _ = Directory.CreateDirectory(folder.Profile);
        foreach ((string fixture, string to) in new[] { (name + ".db.gz", folder.Data), (name + "-log.db.gz", folder.Log) })
        {
            using Stream packed = typeof(EarlierVersionTests).Assembly.GetManifestResourceStream(fixture)!;
            using var content = new GZipStream(packed, CompressionMode.Decompress);
            using FileStream file = File.Create(to);
            content.CopyTo(file);
        }
        return folder;
    }
}
