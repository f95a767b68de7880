using LiteDB;
using OnlineRlhf.Learning;
using OnlineRlhf.Storage.CrashWriter;
using OnlineRlhf.Storage.Layout;

namespace OnlineRlhf.Storage.Tests;

public class DamageTests
{
    private const int Dimension = 8;

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void With_one_checkpoint_damaged_nothing_is_lost(bool newest, bool header)
    {
        using var folder = new StateFolder(Dimension);
        folder.Fill(27);
        Damage(folder, newest ? Checkpoints(folder)[0] : Checkpoints(folder)[1], header);
        using (ProfileStore store = folder.Open())
        {
            Assert.Equal(RecoveryOutcome.Repaired, store.Recovery.Outcome);
            Assert.Equal(newest, store.Recovery.FromOlderCheckpoint);
            Assert.Equal((newest ? 20 : 24, (long?)null), (store.Recovery.CheckpointSequence, store.Recovery.ReplayEndedAt));
            Assert.True(File.Exists(store.Recovery.MovedAsideTo));
            Oracle.AssertSame(Oracle.After(27, Dimension), store.CatchUp());
            Assert.True(store.TryFind(Known.Round(StateFolder.Seed, 20), out _));
        }
        AssertCleanAndGoesOn(folder, 27, 60);
    }

    [Fact]
    public void A_damaged_state_that_cannot_be_converted_either_is_left_as_it_is_and_its_damage_is_reported_later()
    {
        using var folder = new StateFolder(Dimension);
        var before = new HyperParameters(1, 5);
        using (ProfileStore store = folder.Open(before))
        {
            folder.Append(store, Dimension / 2, paced: false);
            // A norm that grew from λ = 1, under λ = 5: it can lose nothing.
            double[] identity = new double[Dimension * (Dimension + 1) / 2];
            for (int j = 0, at = 0; j < Dimension; at += Dimension - j++)
                identity[at] = 1;
            store.CatchUp().Restore(Dimension / 2, new double[Dimension], new double[Dimension], identity);
            while (store.WriteCheckpointChunk()) { }
        }
        Damage(folder, Checkpoints(folder)[1], header: false);
        byte[] found = File.ReadAllBytes(folder.Data);
        Assert.Equal(StateError.HyperParameters, Assert.Throws<StateException>(() => folder.Open()).Reason);
        Assert.Equal(found, File.ReadAllBytes(folder.Data));
        Assert.Empty(Directory.EnumerateFiles(folder.Profile, "*.damaged-*"));
        using ProfileStore again = folder.Open(before);
        Assert.Equal((RecoveryOutcome.Repaired, (long)Dimension / 2), (again.Recovery.Outcome, again.Sequence));
        Assert.Equal(found, File.ReadAllBytes(again.Recovery.MovedAsideTo!));
    }

    [Fact]
    public void With_both_checkpoints_damaged_a_fresh_state_starts_and_the_old_one_is_kept()
    {
        using var folder = new StateFolder(Dimension);
        folder.Fill(27);
        foreach (CheckpointRecord checkpoint in Checkpoints(folder))
            Damage(folder, checkpoint, header: false);
        byte[] found = File.ReadAllBytes(folder.Data);
        using (ProfileStore store = folder.Open())
        {
            Assert.Equal((RecoveryOutcome.Lost, false, 0L), (store.Recovery.Outcome, store.Recovery.IsClean, store.Sequence));
            Assert.Equal(found, File.ReadAllBytes(store.Recovery.MovedAsideTo!));
            Assert.False(store.TryFind(Known.Round(StateFolder.Seed, 27), out _));
        }
        AssertCleanAndGoesOn(folder, 0, 20);
    }

    [Fact]
    public void A_flipped_bit_in_a_checkpoint_of_the_raw_file_is_found()
    {
        using var folder = new StateFolder(64);
        folder.Fill(100);
        CheckpointRecord newest = Checkpoints(folder)[0];
        byte[] chunk = Chunk(folder, newest.Number, 0);
        byte[] file = File.ReadAllBytes(folder.Data);
        int at = file.AsSpan().IndexOf(chunk.AsSpan(200, 64));
        Assert.True(at > 0);
        file[at] ^= 4;
        File.WriteAllBytes(folder.Data, file);
        using ProfileStore store = folder.Open();
        Assert.True(store.Recovery.FromOlderCheckpoint);
        Oracle.AssertSame(Oracle.After(100, 64), store.CatchUp());
    }

    [Theory]
    [InlineData("nan")]
    [InlineData("checksum")]
    [InlineData("gap")]
    [InlineData("length")]
    [InlineData("missing")]
    public void The_replay_ends_at_a_slot_that_cannot_be_trusted_and_what_lies_beyond_is_never_learned(string damage)
    {
        using var folder = new StateFolder(Dimension);
        using (ProfileStore store = folder.Open())
        {
            // Checkpoints at 4 and 8, then none: the comparisons 9 to 12 are only in the ring.
            folder.Append(store, 11);
            folder.Append(store, 12, paced: false);
        }
        using (LiteDatabase database = Raw(folder))
        {
            ILiteCollection<BsonDocument> ring = database.GetCollection(StateFormat.Ring);
            int slot = StateFormat.SlotOf(10, Dimension);
            BsonDocument document = ring.FindById(slot);
            byte[] difference = document["z"].AsBinary;
            switch (damage)
            {
                case "nan":
                    BitConverter.TryWriteBytes(difference, float.NaN);
                    document = new SlotRecord(10, document["round"].AsGuid, 1, difference).ToDocument(slot);
                    break;
                case "checksum":
                    difference[5] ^= 1;
                    document["z"] = difference;
                    break;
                case "gap":
                    document = new SlotRecord(2, document["round"].AsGuid, 1, difference).ToDocument(slot);
                    break;
                case "length":
                    document = new SlotRecord(10, document["round"].AsGuid, 1, difference[..^4]).ToDocument(slot);
                    break;
            }
            Assert.True(damage == "missing" ? ring.Delete(slot) : ring.Update(document));
        }
        using (ProfileStore store = folder.Open())
        {
            Assert.Equal(((long?)9, 2, 9L), (store.Recovery.ReplayEndedAt, store.Recovery.Discarded, store.Sequence));
            Assert.Equal(RecoveryOutcome.Repaired, store.Recovery.Outcome);
            Oracle.AssertSame(Oracle.After(9, Dimension), store.CatchUp());
            Assert.False(store.TryFind(Known.Round(StateFolder.Seed, 11), out _));
            // Another comparison takes the number of the damaged one: what stood behind it must not follow.
            folder.AppendNext(store, seed: 99);
        }
        using (ProfileStore store = folder.Open())
        {
            Assert.True(store.Recovery.IsClean, string.Join(' ', store.Recovery.Problems));
            Learning.RewardModels.OnePassRewardModel expected = Oracle.After(9, Dimension);
            Oracle.Advance(expected, 10, seed: 99);
            Oracle.AssertSame(expected, store.CatchUp());
        }
    }

    [Fact]
    public void A_damaged_slot_that_only_the_fall_back_needs_is_reported_and_nothing_is_lost()
    {
        using var folder = new StateFolder(Dimension);
        folder.Fill(15);
        using (LiteDatabase database = Raw(folder))
        {
            ILiteCollection<BsonDocument> ring = database.GetCollection(StateFormat.Ring);
            BsonDocument document = ring.FindById(StateFormat.SlotOf(10, Dimension));
            document["y"] = 0.25;
            Assert.True(ring.Update(document));
        }
        using (ProfileStore store = folder.Open())
        {
            Assert.Equal((RecoveryOutcome.Repaired, 15L, (long?)null), (store.Recovery.Outcome, store.Sequence, store.Recovery.ReplayEndedAt));
            Oracle.AssertSame(Oracle.After(15, Dimension), store.CatchUp());
        }
        AssertCleanAndGoesOn(folder, 15, 40);
    }

    [Fact]
    public void A_state_of_another_model_map_or_dimension_is_refused_and_left_as_it_is()
    {
        using var folder = new StateFolder(Dimension);
        folder.Fill(20, paced: false);
        byte[] before = File.ReadAllBytes(folder.Data);
        StateIdentity own = Known.Identity(Dimension);
        foreach (
            StateIdentity other in new[] { own with { ModelFingerprint = "b" }, own with { FeatureMapFingerprint = "b" }, own with { Dimension = 9 } }
        )
        {
            StateException refused = Assert.Throws<StateException>(() => folder.Open(identity: other));
            Assert.Equal(StateError.DoesNotFit, refused.Reason);
            Assert.Contains(folder.Data, refused.Message, StringComparison.Ordinal);
        }
        Assert.Equal(before, File.ReadAllBytes(folder.Data));
        AssertCleanAndGoesOn(folder, 20, 40);
    }

    [Fact]
    public void A_state_of_another_map_that_is_recognised_opens_and_keeps_its_own()
    {
        using var folder = new StateFolder(Dimension);
        StateIdentity founded = Known.Identity(Dimension) with { Scales = [0.25, 3, 0] },
            other = founded with { FeatureMapFingerprint = "b", Scales = [7, 7, 7] };
        folder.Open(identity: founded).Dispose();
        folder.Fill(20, paced: false);
        // The second opening writes the whole file anew, under other hyper-parameters.
        foreach (double step in (double[])[1, 0.5, 0.5])
        {
            StateIdentity? asked = null;
            using ProfileStore store = folder.Open(new Learning.HyperParameters(step), other, recognise: stored => asked = stored);
            Assert.Equal((founded, 20L), (asked, store.Sequence));
            Assert.Equal(founded, store.Identity);
            Assert.Equal([0.25, 3, 0], store.Identity.Scales);
        }
        Assert.Throws<StateException>(() => folder.Open(identity: other, recognise: _ => null));
        Assert.Throws<StateException>(() => folder.Open(identity: other with { ModelFingerprint = "b" }, recognise: stored => stored));
        Assert.Throws<StateException>(() => folder.Open(identity: other with { Dimension = 9 }, recognise: stored => stored));
    }

    [Fact]
    public void A_state_of_a_newer_format_is_refused_and_left_as_it_is()
    {
        using var folder = new StateFolder(Dimension);
        folder.Fill(20);
        using (LiteDatabase database = Raw(folder))
        {
            ILiteCollection<BsonDocument> meta = database.GetCollection(StateFormat.Meta);
            BsonDocument header = meta.FindById(0);
            header["format"] = 2;
            header["new"] = "something";
            Assert.True(meta.Update(header));
        }
        byte[] before = File.ReadAllBytes(folder.Data);
        Assert.Equal(StateError.NewerFormat, Assert.Throws<StateException>(() => folder.Open()).Reason);
        Assert.Equal(before, File.ReadAllBytes(folder.Data));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(8192)]
    [InlineData(20_000)]
    public void A_truncated_file_is_moved_aside(int length)
    {
        using var folder = new StateFolder(Dimension);
        folder.Fill(20);
        using (FileStream file = File.OpenWrite(folder.Data))
            file.SetLength(length);
        byte[] found = File.ReadAllBytes(folder.Data);
        using (ProfileStore store = folder.Open())
        {
            Assert.Equal(RecoveryOutcome.Lost, store.Recovery.Outcome);
            Assert.Equal(found, File.ReadAllBytes(store.Recovery.MovedAsideTo!));
        }
        AssertCleanAndGoesOn(folder, 0, 20);
    }

    [Fact]
    public void Garbage_is_moved_aside_and_never_over_an_earlier_copy()
    {
        using var folder = new StateFolder(Dimension);
        for (int i = 1; i <= 3; i++)
        {
            folder.Fill(5);
            byte[] garbage = new byte[30_000];
            new Random(i).NextBytes(garbage);
            File.WriteAllBytes(folder.Data, garbage);
            using ProfileStore store = folder.Open();
            Assert.EndsWith($"state.db.damaged-{i}", store.Recovery.MovedAsideTo, StringComparison.Ordinal);
            Assert.Equal(garbage, File.ReadAllBytes(store.Recovery.MovedAsideTo!));
        }
    }

    [Fact]
    public void A_file_with_any_page_overwritten_opens_with_a_state_of_the_past_or_a_fresh_one()
    {
        using var folder = new StateFolder(48);
        folder.Fill(130);
        byte[] sound = File.ReadAllBytes(folder.Data);
        int pages = sound.Length / 8192,
            rounds = KillTests.LongForm ? 20 : 2;
        var outcomes = new Dictionary<RecoveryOutcome, int>();
        for (int i = 0; i < rounds * pages; i++)
        {
            byte[] torn = [.. sound];
            var random = new Random(i);
            Span<byte> page = torn.AsSpan(i % pages * 8192, 8192);
            switch (((i / pages) + i) % 4)
            {
                case 0:
                    random.NextBytes(page);
                    break;
                case 1:
                    page[random.Next(8192)..].Clear();
                    break;
                case 2:
                    torn.AsSpan(random.Next(pages) * 8192, 8192).CopyTo(page);
                    break;
                default:
                    for (int n = 0; n < 20; n++)
                        page[random.Next(8192)] ^= (byte)(1 << random.Next(8));
                    break;
            }
            Directory.Delete(folder.Profile, recursive: true);
            _ = Directory.CreateDirectory(folder.Profile);
            File.WriteAllBytes(folder.Data, torn);
            long sequence;
            try
            {
                using ProfileStore store = folder.Open();
                sequence = store.Sequence;
                Oracle.AssertSame(Oracle.After(sequence, 48), store.CatchUp());
                outcomes[store.Recovery.Outcome] = outcomes.GetValueOrDefault(store.Recovery.Outcome) + 1;
            }
            catch (StateException refused)
            {
                // A header that still reads can name another model only by a flip that its checksum misses.
                Assert.Fail($"round {i}: {refused.Reason} {refused.Message}");
                throw;
            }
            try
            {
                AssertCleanAndGoesOn(folder, sequence, sequence + 60);
            }
            catch (StateException failed)
            {
                Assert.Fail($"round {i}: {failed.Reason} {failed.Message}");
            }
        }
        Assert.True(
            outcomes.GetValueOrDefault(RecoveryOutcome.Repaired) > outcomes.GetValueOrDefault(RecoveryOutcome.Lost),
            string.Join(", ", outcomes)
        );
    }

    private static void AssertCleanAndGoesOn(StateFolder folder, long sequence, long until)
    {
        using (ProfileStore store = folder.Open())
        {
            Assert.True(store.Recovery.IsClean, string.Join(' ', store.Recovery.Problems));
            Assert.Equal(sequence, store.Sequence);
            folder.Append(store, until);
        }
        using ProfileStore again = folder.Open();
        Assert.True(again.Recovery.IsClean, string.Join(' ', again.Recovery.Problems));
        Oracle.AssertSame(Oracle.After(until, folder.Dimension), again.CatchUp());
    }

    /// <summary>The two checkpoints, the newest first.</summary>
    private static CheckpointRecord[] Checkpoints(StateFolder folder)
    {
        using LiteDatabase database = Raw(folder);
        ILiteCollection<BsonDocument> meta = database.GetCollection(StateFormat.Meta);
        return [.. new[] { 1, 2 }.Select(n => CheckpointRecord.Read(meta.FindById(n), n)!).OrderByDescending(c => c.Generation)];
    }

    private static byte[] Chunk(StateFolder folder, int checkpoint, int index)
    {
        using LiteDatabase database = Raw(folder);
        return database.GetCollection(StateFormat.Chunks(checkpoint)).FindById(index)["data"].AsBinary;
    }

    private static void Damage(StateFolder folder, CheckpointRecord checkpoint, bool header)
    {
        using LiteDatabase database = Raw(folder);
        ILiteCollection<BsonDocument> collection = database.GetCollection(header ? StateFormat.Meta : StateFormat.Chunks(checkpoint.Number));
        BsonDocument document = collection.FindById(header ? checkpoint.Number : 0);
        if (header)
            document["sequence"] = document["sequence"].AsInt64 + 1;
        else
            document["data"].AsBinary[17] ^= 1;
        Assert.True(collection.Update(document));
    }

    private static LiteDatabase Raw(StateFolder folder) => new(new ConnectionString { Filename = folder.Data, Connection = ConnectionType.Direct });
}
