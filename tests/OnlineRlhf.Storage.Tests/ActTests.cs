using LiteDB;
using OnlineRlhf.Learning;
using OnlineRlhf.Storage.CrashWriter;
using OnlineRlhf.Storage.Layout;
using static OnlineRlhf.Storage.Tests.DamagedState;

namespace OnlineRlhf.Storage.Tests;

/// <summary>Several comparisons as one act, and what the slots and checkpoints tell of it.</summary>
public class ActTests
{
    private const int Dimension = 8;

    [Fact]
    public void The_slots_of_one_act_have_its_number_and_each_has_its_kind()
    {
        using var folder = new StateFolder(Dimension, mixed: true);
        using (ProfileStore store = folder.Open())
        {
            while (store.Sequence < 5)
                folder.Step(store);
        }
        Assert.Equal(
            [
                (1, ComparisonKind.Word, 1),
                (2, ComparisonKind.Brought, 1),
                (3, ComparisonKind.Press, 3),
                (4, ComparisonKind.Talk, 4),
                (5, ComparisonKind.Talk, 4),
            ],
            Slots(folder).Where(slot => !slot.IsEmpty).Select(slot => (slot.Sequence, slot.Kind, slot.Act))
        );
    }

    [Fact]
    public void An_act_that_cannot_be_recorded_whole_is_not_recorded_at_all()
    {
        using var folder = new StateFolder(Dimension);
        folder.Fill(3);
        byte[] before = File.ReadAllBytes(folder.Data);
        using (ProfileStore store = folder.Open())
        {
            NewComparison sound = New(Guid.NewGuid());
            NewComparison[][] unsound =
            [
                [],
                [sound, sound],
                [sound, New(Known.Round(StateFolder.Seed, 2))],
                [sound, New(Guid.Empty)],
                [sound, New(Guid.NewGuid()) with { Label = 0.3 }],
                [sound, New(Guid.NewGuid()) with { Difference = new float[Dimension + 1] }],
                [.. Enumerable.Range(0, store.LargestAct + 1).Select(_ => New(Guid.NewGuid()))],
            ];
            foreach (NewComparison[] act in unsound)
                Assert.Throws<ArgumentException>(() => store.Append(act));
            Assert.Equal((false, 3L), (store.IsFaulted, store.Sequence));
        }
        Assert.Equal(before, File.ReadAllBytes(folder.Data));

        static NewComparison New(Guid id) => new(id, new float[Dimension], 1, ComparisonKind.Word);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(9)]
    [InlineData(64)]
    public void The_largest_acts_never_overwrite_what_the_older_checkpoint_needs(int dimension)
    {
        using var folder = new StateFolder(dimension);
        for (int turn = 0; turn < 12; turn++)
        {
            using (ProfileStore store = folder.Open())
            {
                // Checkpoints are written only where an act must wait for one.
                folder.Append(store, store.Sequence + (turn % 3), paced: false);
                long first = store.Sequence + 1;
                _ = store.Append([
                    .. Enumerable
                        .Range(0, store.LargestAct)
                        .Select(i => new NewComparison(
                            Known.Round(StateFolder.Seed, first + i),
                            Known.Difference(StateFolder.Seed, first + i, dimension),
                            Known.Label(StateFolder.Seed, first + i),
                            ComparisonKind.Press
                        )),
                ]);
            }
            CheckpointRecord[] valid = [.. Checkpoints(folder).Where(checkpoint => checkpoint.IsValid)];
            if (valid.Length == 2)
                Damage(folder, valid[0], header: false);
            using ProfileStore again = folder.Open();
            Assert.Null(again.Recovery.ReplayEndedAt);
            Oracle.AssertSame(Oracle.After(again.Sequence, dimension), again.CatchUp());
        }
    }

    [Fact]
    public void A_write_that_takes_the_last_act_and_a_newer_checkpoint_back_leaves_the_state_before_them()
    {
        using var folder = new StateFolder(Dimension);
        folder.Fill(18);
        using (ProfileStore store = folder.Open())
        {
            _ = store.Append([
                new NewComparison(Guid.NewGuid(), new float[Dimension], 1, ComparisonKind.Word),
                new NewComparison(Guid.NewGuid(), new float[Dimension], 1, ComparisonKind.Talk),
            ]);
            while (store.WriteCheckpointChunk()) { }
        }
        CheckpointRecord[] checkpoints = Checkpoints(folder);
        Assert.Equal([20, 16], checkpoints.Select(checkpoint => checkpoint.Sequence));
        using (LiteDatabase database = Raw(folder))
        {
            ILiteCollection<BsonDocument> meta = database.GetCollection(StateFormat.Meta),
                ring = database.GetCollection(StateFormat.Ring);
            foreach (long taken in new[] { 19L, 20 })
                Assert.True(ring.Update(SlotRecord.Placeholder(taken - Dimension, Dimension).ToDocument(StateFormat.SlotOf(taken, Dimension))));
            Assert.True(meta.Update((checkpoints[0] with { IsValid = false }).ToDocument()));
            Assert.True(meta.Update((JournalRecord.Empty with { Epoch = 1 }).ToDocument()));
        }
        using (ProfileStore store = folder.Open())
        {
            Assert.True(store.Recovery.IsClean, string.Join(' ', store.Recovery.Problems));
            Assert.Equal(new ComparisonCounts { Press = 18 }, store.Counts);
            Oracle.AssertSame(Oracle.After(18, Dimension), store.CatchUp());
            folder.Append(store, 19);
        }
        Assert.Equal(1, Slots(folder).Single(slot => slot.Sequence == 19).Epoch);
        AssertCleanAndGoesOn(folder, 19, 60);
    }

    [Fact]
    public void The_CUSUM_its_alarms_and_the_counts_go_through_replay_checkpoints_and_a_new_file()
    {
        using var folder = new StateFolder(Dimension);
        folder.Fill(17);
        CheckpointRecord[] checkpoints = Checkpoints(folder);
        using (LiteDatabase database = Raw(folder))
        {
            foreach (CheckpointRecord checkpoint in checkpoints)
                Assert.True(
                    database
                        .GetCollection(StateFormat.Meta)
                        .Update((checkpoint with { History = checkpoint.History with { Cusum = 2.5, Changed = 11 } }).ToDocument())
                );
            ILiteCollection<BsonDocument> ring = database.GetCollection(StateFormat.Ring);
            int slot = StateFormat.SlotOf(17, Dimension);
            SlotRecord last = SlotRecord.Read(ring.FindById(slot), Dimension, StateFormat.Version, out _)!;
            Assert.True(ring.Update((last with { Reset = 99 }).ToDocument(slot)));
        }
        foreach ((double step, long until) in new[] { (1.0, 20L), (0.5, 20L), (0.5, 21L) })
        {
            using (ProfileStore store = folder.Open(new HyperParameters(step)))
            {
                folder.Append(store, until);
                Assert.Equal(new ComparisonCounts { Press = until }, store.Counts);
            }
            Assert.Equal(new History(2.5, 99, new ComparisonCounts { Press = 20 }), Checkpoints(folder)[0].History);
            Assert.Equal(99, Slots(folder).Single(slot => slot.Sequence == 17).Reset);
        }
    }

    [Fact]
    public void Mixed_comparisons_are_replayed_to_the_same_bits()
    {
        using var folder = new StateFolder(Dimension, mixed: true);
        for (int step = 0; step < 60; step++)
        {
            using ProfileStore store = folder.Open();
            folder.AssertSound(store);
            folder.Step(store);
            if (step % 3 > 0)
                _ = store.WriteCheckpointChunk();
        }
    }

    private static SlotRecord[] Slots(StateFolder folder)
    {
        using LiteDatabase database = Raw(folder);
        return
        [
            .. database
                .GetCollection(StateFormat.Ring)
                .FindAll()
                .Select(document => SlotRecord.Read(document, Dimension, StateFormat.Version, out _)!),
        ];
    }
}
