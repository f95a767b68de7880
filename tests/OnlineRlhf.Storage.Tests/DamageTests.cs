using LiteDB;
using OnlineRlhf.Learning;
using OnlineRlhf.Storage.CrashWriter;
using OnlineRlhf.Storage.Layout;
using static OnlineRlhf.Storage.Tests.DamagedState;

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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void With_the_journal_damaged_the_learned_state_opens_and_what_was_held_back_is_lost(bool missing)
    {
        using StateFolder folder = WithHeld(out Guid trusted);
        using (LiteDatabase database = Raw(folder))
        {
            ILiteCollection<BsonDocument> meta = database.GetCollection(StateFormat.Meta);
            BsonDocument journal = meta.FindById(JournalRecord.Number);
            journal["data"].AsBinary[40] ^= 1;
            Assert.True(missing ? meta.Delete(JournalRecord.Number) : meta.Update(journal));
        }
        using (ProfileStore store = folder.Open())
        {
            Assert.Equal((RecoveryOutcome.Repaired, 19L), (store.Recovery.Outcome, store.Sequence));
            Assert.Contains("held back", Assert.Single(store.Recovery.Problems), StringComparison.Ordinal);
            Assert.True(File.Exists(store.Recovery.MovedAsideTo));
            Assert.Equal((0, false), (store.CountHeld(Script.Now), store.IsTrusted(trusted)));
            Assert.Equal(0, store.Trust(Guid.Empty, Script.Now));
            Oracle.AssertSame(Oracle.After(19, Dimension), store.CatchUp());
        }
        AssertCleanAndGoesOn(folder, 19, 40);
    }

    [Theory]
    [InlineData("z")]
    [InlineData("exchanged")]
    [InlineData("missing")]
    public void With_the_z_of_one_that_is_held_back_damaged_only_that_one_is_lost(string damage)
    {
        using StateFolder folder = WithHeld(out Guid trusted);
        using (LiteDatabase database = Raw(folder))
        {
            ILiteCollection<BsonDocument> held = database.GetCollection(StateFormat.Held);
            BsonDocument document = held.FindById(1);
            if (damage == "z")
                document["z"].AsBinary[2] ^= 1;
            else
                document = HeldRecord.Placeholder(1, Dimension);
            Assert.True(damage == "missing" ? held.Delete(1) : held.Update(document));
        }
        using (ProfileStore store = folder.Open())
        {
            Assert.Equal((RecoveryOutcome.Repaired, 19L, 2), (store.Recovery.Outcome, store.Sequence, store.CountHeld(Script.Now)));
            Assert.True(store.IsTrusted(trusted));
            Oracle.AssertSame(Oracle.After(19, Dimension), store.CatchUp());
        }
        using (ProfileStore store = folder.Open())
        {
            Assert.True(store.Recovery.IsClean, string.Join(' ', store.Recovery.Problems));
            // Its place is whole again.
            Assert.True(Hold(store, Known.Round(1, 1)));
            Assert.Equal(3, store.Trust(Guid.Empty, Script.Now));
        }
    }

    [Fact]
    public void An_old_journal_that_a_disk_brings_back_does_not_make_anything_be_learned_twice()
    {
        using StateFolder folder = WithHeld(out _);
        BsonDocument old;
        using (LiteDatabase database = Raw(folder))
            old = database.GetCollection(StateFormat.Meta).FindById(JournalRecord.Number);
        using (ProfileStore store = folder.Open())
            Assert.Equal(3, store.Trust(Guid.Empty, Script.Now));
        using (LiteDatabase database = Raw(folder))
            Assert.True(database.GetCollection(StateFormat.Meta).Update(old));
        using ProfileStore again = folder.Open();
        Assert.Equal((RecoveryOutcome.Repaired, 0, 22L), (again.Recovery.Outcome, again.CountHeld(Script.Now), again.Sequence));
        Assert.Equal(0, again.Trust(Guid.Empty, Script.Now));
    }

    /// <summary>19 comparisons, three that are held back from the Unix socket, and a trusted source.</summary>
    private static StateFolder WithHeld(out Guid trusted)
    {
        var folder = new StateFolder(Dimension);
        folder.Fill(19);
        trusted = Guid.NewGuid();
        using ProfileStore store = folder.Open();
        for (int i = 0; i < 3; i++)
            Assert.True(Hold(store, Known.Round(99, i)));
        Assert.Equal(0, store.Trust(trusted, Script.Now));
        return folder;
    }

    private static bool Hold(ProfileStore store, Guid id) => store.Hold(id, Guid.Empty, Known.Difference(99, 1, Dimension), Script.Now);
}
