using OnlineRlhf.Storage.CrashWriter;

namespace OnlineRlhf.Storage.Tests;

public class ProfileStoreTests
{
    [Fact]
    public void A_new_profile_is_fresh_and_knows_nothing()
    {
        using var folder = new StateFolder(8);
        using ProfileStore store = folder.Open();
        Assert.Equal((RecoveryOutcome.Fresh, true, 0L), (store.Recovery.Outcome, store.Recovery.IsClean, store.Sequence));
        Assert.False(store.CheckpointDue);
    }

    [Fact]
    public void What_is_stored_is_for_its_owner_alone_also_where_it_was_open_to_others_before()
    {
        const UnixFileMode file = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            directory = file | UnixFileMode.UserExecute;
        using var folder = new StateFolder(8);
        string parent = Path.Combine(folder.Root, "profiles"),
            profile = Path.Combine(parent, "p"),
            data = Path.Combine(profile, "state.db"),
            log = Path.Combine(profile, "state-log.db");
        for (int turn = 0; turn < 2; turn++)
        {
            using (ProfileStore store = ProfileStore.Open(profile, Known.Identity(8), new Learning.HyperParameters()))
                store.Append(Guid.NewGuid(), new float[8], 1, ComparisonKind.Press);
            Assert.Equal([directory, directory, file, file], new[] { parent, profile, data, log }.Select(File.GetUnixFileMode));
            foreach (string path in new[] { profile, data, log })
                File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(8, true)]
    [InlineData(8, false)]
    [InlineData(129, true)]
    public void A_state_opened_again_is_bit_identical_to_a_replay(int dimension, bool paced)
    {
        using var folder = new StateFolder(dimension);
        for (long sequence = 1; sequence <= (3 * dimension) + 2; sequence += 1 + (dimension / 5))
        {
            folder.Fill(sequence, paced);
            using ProfileStore store = folder.Open();
            Assert.True(store.Recovery.IsClean, string.Join(' ', store.Recovery.Problems));
            Assert.Equal(RecoveryOutcome.Restored, store.Recovery.Outcome);
            Oracle.AssertSame(Oracle.After(sequence, dimension), store.CatchUp());
        }
    }

    [Fact]
    public void A_feature_vector_of_several_pages_is_kept_too()
    {
        const int Dimension = 2100;
        float[] difference = Known.Difference(1, 1, Dimension);
        using var folder = new StateFolder(Dimension);
        using (ProfileStore store = folder.Open())
            _ = store.Append(Guid.NewGuid(), difference, 1, ComparisonKind.Press);
        using ProfileStore again = folder.Open();
        var expected = new Learning.RewardModels.OnePassRewardModel(Dimension, new Learning.HyperParameters());
        expected.Observe(new Learning.Comparison(difference, 1));
        Oracle.AssertSame(expected, again.CatchUp());
    }

    [Fact]
    public void A_checkpoint_is_due_after_half_a_ring_and_written_in_pieces()
    {
        using var folder = new StateFolder(200);
        using ProfileStore store = folder.Open();
        folder.Append(store, 99);
        Assert.False(store.CheckpointDue);
        Assert.False(store.WriteCheckpointChunk());
        folder.Append(store, 100, paced: false);
        Assert.True(store.CheckpointDue);
        int pieces = 1;
        while (store.WriteCheckpointChunk())
        {
            pieces++;
            // Comparisons go on in between; the snapshot is of the moment the checkpoint began.
            folder.AppendNext(store);
        }
        Assert.Equal(5, pieces);
        Assert.False(store.CheckpointDue);
        long sequence = store.Sequence;
        store.Dispose();
        using ProfileStore again = folder.Open();
        Assert.Equal(100, again.Recovery.CheckpointSequence);
        Oracle.AssertSame(Oracle.After(sequence, 200), again.CatchUp());
    }

    [Fact]
    public void The_model_read_after_an_append_has_learned_it()
    {
        const int Dimension = 400;
        using var folder = new StateFolder(Dimension);
        using ProfileStore store = folder.Open();
        Learning.RewardModels.OnePassRewardModel expected = Oracle.After(0, Dimension);
        for (long sequence = 1; sequence <= 40; sequence++)
        {
            folder.AppendNext(store);
            Oracle.Advance(expected, sequence);
            Oracle.AssertSame(expected, store.CatchUp());
        }
    }

    [Fact]
    public void Nothing_is_learned_before_it_is_durable()
    {
        const int Dimension = 8;
        using var folder = new StateFolder(Dimension);
        ProfileStore? opened = null;
        List<long> learned = [];
        using ProfileStore store = opened = folder.Open((_, _, _, _) => learned.Add(opened?.CatchUp().Comparisons ?? 0));
        learned.Clear();
        folder.AppendNext(store);
        Assert.NotEmpty(learned);
        Assert.All(learned, seen => Assert.Equal(0, seen));
        Assert.Equal(1, store.CatchUp().Comparisons);
    }

    [Fact]
    public void A_checkpoint_begun_right_after_an_append_holds_it()
    {
        const int Dimension = 400;
        using var folder = new StateFolder(Dimension);
        using (ProfileStore store = folder.Open())
        {
            folder.Append(store, Dimension / 2, paced: true);
            Assert.False(store.CheckpointDue);
        }
        using ProfileStore again = folder.Open();
        Assert.Equal(Dimension / 2, again.Recovery.CheckpointSequence);
        Oracle.AssertSame(Oracle.After(Dimension / 2, Dimension), again.CatchUp());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_learning_that_fails_faults_the_store_at_its_next_use(bool read)
    {
        const int Dimension = 3;
        using var folder = new StateFolder(Dimension);
        using (ProfileStore store = folder.Open())
        {
            // A norm in which the step is not finite: no comparison leads there.
            store.CatchUp().Restore(0, new double[3], new double[3], [1e-300, 0, 0, 1, 0, 1]);
            _ = store.Append(Known.Round(StateFolder.Seed, 1), [ProfileStore.LargestMagnitude, 0, 0], 1, ComparisonKind.Press);
            Exception? failure = Record.Exception(() =>
                _ = read ? store.CatchUp().Comparisons : store.Append(Guid.NewGuid(), new float[3], 1, ComparisonKind.Press)
            );
            Assert.IsType<ArgumentException>(Assert.IsType<StateException>(failure).InnerException);
            Assert.True(store.IsFaulted);
            Assert.Throws<StateException>(() => store.CatchUp());
        }
        using ProfileStore again = folder.Open();
        Assert.Equal((true, 1L, 1L), (again.Recovery.IsClean, again.Sequence, again.CatchUp().Comparisons));
    }

    [Fact]
    public void A_round_is_found_while_the_ring_holds_it_and_not_after()
    {
        using var folder = new StateFolder(6);
        folder.Fill(6);
        using ProfileStore store = folder.Open();
        Assert.True(store.TryFind(Known.Round(StateFolder.Seed, 1), out RecordedComparison found));
        Assert.Equal(new RecordedComparison(Known.Round(StateFolder.Seed, 1), 1, Known.Label(StateFolder.Seed, 1), ComparisonKind.Press), found);
        Assert.Throws<ArgumentException>(() => store.Append(found.RoundId, new float[6], 1, ComparisonKind.Press));
        folder.AppendNext(store);
        Assert.False(store.TryFind(found.RoundId, out _));
        Assert.True(store.TryFind(Known.Round(StateFolder.Seed, 7), out found));
        Assert.Equal(7, found.Sequence);
    }

    [Fact]
    public void What_cannot_be_learned_is_refused_and_not_stored()
    {
        using var folder = new StateFolder(4);
        folder.Fill(3);
        byte[] before = File.ReadAllBytes(folder.Data);
        using (ProfileStore store = folder.Open())
        {
            foreach (float wrong in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1.0001e6f, -2e6f, float.MaxValue })
                Assert.Throws<ArgumentException>(() => store.Append(Guid.NewGuid(), [0, wrong, 0, 0], 1, ComparisonKind.Press));
            Assert.Throws<ArgumentException>(() => store.Append(Guid.NewGuid(), new float[3], 1, ComparisonKind.Press));
            Assert.Throws<ArgumentException>(() => store.Append(Guid.NewGuid(), new float[5], 1, ComparisonKind.Press));
            foreach (double label in new[] { double.NaN, 0.25, -1, 2, double.Epsilon })
                Assert.Throws<ArgumentException>(() => store.Append(Guid.NewGuid(), new float[4], label, ComparisonKind.Press));
            Assert.Throws<ArgumentException>(() => store.Append(Guid.Empty, new float[4], 1, ComparisonKind.Press));
            Assert.False(store.IsFaulted);
            Oracle.AssertSame(Oracle.After(3, 4), store.CatchUp());
        }
        Assert.Equal(before, File.ReadAllBytes(folder.Data));
    }

    [Fact]
    public void The_largest_comparisons_that_are_accepted_can_be_learned_for_ever()
    {
        using var folder = new StateFolder(3);
        using ProfileStore store = folder.Open(new Learning.HyperParameters(1e6, 1e-6, 1e6));
        float[] signs = [1, -1, 0, 1, 1, -1, -1];
        for (int i = 0; i < 60; i++)
            _ = store.Append(
                Guid.NewGuid(),
                [signs[i % 7] * ProfileStore.LargestMagnitude, signs[i % 5] * ProfileStore.LargestMagnitude, signs[i % 3] * 1e-30f],
                i % 3 / 2.0,
                ComparisonKind.Press
            );
        foreach (double value in store.CatchUp().Factor)
            Assert.True(double.IsFinite(value));
    }

    [Fact]
    public void The_same_profile_opened_twice_is_busy()
    {
        using var folder = new StateFolder(4);
        using ProfileStore store = folder.Open();
        StateException busy = Assert.Throws<StateException>(() => folder.Open());
        Assert.Equal(StateError.Busy, busy.Reason);
        Assert.Equal(StateError.Busy, Assert.Throws<StateException>(() => ProfileStore.Forget(folder.Profile)).Reason);
        folder.AppendNext(store);
    }

    [Fact]
    public void The_folder_has_the_same_bytes_after_3_rings_as_after_30_and_as_at_the_start()
    {
        const int Dimension = 40;
        using var folder = new StateFolder(Dimension);
        folder.Fill(1);
        long first = folder.Bytes;
        folder.Fill(3 * Dimension);
        long three = folder.Bytes;
        folder.Fill(30 * Dimension);
        Assert.Equal((first, three), (three, folder.Bytes));
        Assert.Equal(["state-log.db", "state.db", "state.lock"], Directory.EnumerateFiles(folder.Profile).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void An_open_writes_the_last_transaction_once_more_and_nothing_is_written_while_idle_or_at_a_close()
    {
        using var folder = new StateFolder(8);
        folder.Fill(21, paced: false);
        var operations = new List<(string, Disk.DiskOperation)>();
        byte[] data = File.ReadAllBytes(folder.Data),
            log = File.ReadAllBytes(folder.Log);
        using (ProfileStore store = folder.Open((file, operation, _, _) => operations.Add((Path.GetFileName(file), operation))))
        {
            // The names are made durable too: a process that was killed may have found no time for it.
            Assert.Equal(
                [
                    ("state-log.db", Disk.DiskOperation.Write),
                    ("state-log.db", Disk.DiskOperation.Sync),
                    ("state.db", Disk.DiskOperation.Write),
                    ("state.db", Disk.DiskOperation.Sync),
                    ("profile", Disk.DiskOperation.SyncFolder),
                ],
                operations
            );
            Assert.Equal(data, File.ReadAllBytes(folder.Data));
            Assert.Equal(log, File.ReadAllBytes(folder.Log));
            operations.Clear();
            Assert.True(store.TryFind(Known.Round(StateFolder.Seed, 21), out _));
            Assert.True(store.CatchUp().Uncertainty(Known.Difference(1, 1, 8)) > 0);
        }
        Assert.Empty(operations);
    }

    [Fact]
    public void A_comparison_costs_two_pages_and_two_syncs()
    {
        using var folder = new StateFolder(593);
        var operations = new List<(string, Disk.DiskOperation, int)>();
        using ProfileStore store = folder.Open((file, operation, _, data) => operations.Add((Path.GetFileName(file), operation, data.Length)));
        folder.AppendNext(store);
        operations.Clear();
        folder.AppendNext(store);
        Assert.Equal(
            [
                ("state-log.db", Disk.DiskOperation.Write, 8192),
                ("state-log.db", Disk.DiskOperation.Sync, 0),
                ("state.db", Disk.DiskOperation.Write, 8192),
                ("state.db", Disk.DiskOperation.Sync, 0),
            ],
            operations
        );
    }

    [Fact]
    public void Forget_leaves_no_file_and_no_byte()
    {
        using var folder = new StateFolder(8);
        folder.Fill(20);
        File.WriteAllText(folder.Data + ".damaged-1", "an old copy");
        // A second name for the same content shows what was done to it before it was deleted.
        string kept = Path.Combine(folder.Root, "kept");
        using (System.Diagnostics.Process link = System.Diagnostics.Process.Start("ln", [folder.Data, kept]))
            link.WaitForExit();
        ProfileStore.Forget(folder.Profile);
        Assert.False(Directory.Exists(folder.Profile));
        byte[] left = File.ReadAllBytes(kept);
        Assert.NotEmpty(left);
        Assert.All(left, value => Assert.Equal(0, value));
        ProfileStore.Forget(folder.Profile);
        using ProfileStore store = folder.Open();
        Assert.Equal(RecoveryOutcome.Fresh, store.Recovery.Outcome);
    }
}
