using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage.CrashWriter;

namespace OnlineRlhf.Storage.Tests;

/// <summary>Comparisons that are held back until their source is trusted.</summary>
public class HeldBackTests
{
    private static readonly DateTimeOffset s_now = Script.Now;
    private static readonly Guid s_socket = Guid.Empty,
        s_key = Guid.NewGuid();

    [Fact]
    public void What_is_held_back_is_not_learned_until_its_source_is_trusted_and_then_all_of_it_at_once()
    {
        using var folder = new StateFolder(16);
        using (ProfileStore store = folder.Open())
        {
            folder.Append(store, 3);
            for (int number = 4; number <= 7; number++)
                Assert.True(Hold(store, number, s_socket));
            Assert.True(Hold(store, 8, s_key));
            Assert.Equal((3, 5), (store.Sequence, store.CountHeld(s_now)));
            Assert.False(store.TryFind(Id(4), out _));
        }
        using (ProfileStore store = folder.Open())
        {
            Assert.Equal((3, 5), (store.Sequence, store.CountHeld(s_now)));
            Assert.False(store.IsTrusted(s_socket));
            Assert.Equal(4, store.Trust(s_socket, s_now));
            Assert.Equal((true, false, 1), (store.IsTrusted(s_socket), store.IsTrusted(s_key), store.CountHeld(s_now)));
            Assert.Equal(0, store.Trust(s_socket, s_now));
            Assert.Throws<ArgumentException>(() => Hold(store, 9, s_socket));
        }
        using ProfileStore again = folder.Open();
        Assert.Equal((true, false, 1, 7), (again.IsTrusted(s_socket), again.IsTrusted(s_key), again.CountHeld(s_now), again.Sequence));
        OnePassRewardModel expected = Oracle.After(3, 16);
        for (int number = 4; number <= 7; number++)
        {
            Assert.True(again.TryFind(Id(number), out RecordedComparison found));
            Assert.Equal(new RecordedComparison(Id(number), number, 1, ComparisonKind.Talk), found);
            expected.Observe(new Learning.Comparison(Known.Difference(StateFolder.Seed, number, 16), 1));
        }
        Oracle.AssertSame(expected, again.CatchUp());
        Assert.Equal(new ComparisonCounts { Press = 3, Talk = 4 }, again.Counts);
    }

    [Fact]
    public void A_repeated_hold_changes_nothing()
    {
        using var folder = new StateFolder(16);
        using ProfileStore store = folder.Open();
        folder.Append(store, 1);
        Assert.True(Hold(store, 2, s_key));
        byte[] before = File.ReadAllBytes(folder.Data);
        Assert.False(Hold(store, 2, s_key));
        Assert.False(Hold(store, 1, s_key));
        Assert.Throws<ArgumentException>(() => store.Hold(Guid.NewGuid(), s_key, new float[15], s_now));
        Assert.Throws<ArgumentException>(() => store.Hold(Guid.NewGuid(), s_key, [float.NaN, .. new float[15]], s_now));
        Assert.Throws<ArgumentException>(() => store.Hold(Guid.Empty, s_key, new float[16], s_now));
        Assert.Equal(before, File.ReadAllBytes(folder.Data));
    }

    [Fact]
    public void A_comparison_that_is_recorded_otherwise_is_held_back_no_longer()
    {
        using var folder = new StateFolder(4);
        using (ProfileStore store = folder.Open())
        {
            Hold(store, 1, s_key);
            folder.AppendNext(store);
            Assert.Equal(0, store.CountHeld(s_now));
            // The ring forgets it: only the journal can tell now.
            folder.Append(store, 9);
        }
        using ProfileStore again = folder.Open();
        Assert.Equal(0, again.Trust(s_key, s_now));
        Oracle.AssertSame(Oracle.After(9, 4), again.CatchUp());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(4, 2)]
    [InlineData(100, 32)]
    public void Where_there_is_no_room_the_oldest_goes_first(int dimension, int room)
    {
        using var folder = new StateFolder(dimension);
        using (ProfileStore store = folder.Open())
        {
            Assert.Equal(room, store.LargestAct);
            for (int number = 1; number <= room + 3; number++)
                Assert.True(Hold(store, number, number == room + 1 ? s_socket : s_key));
            Assert.Equal(room, store.CountHeld(s_now));
        }
        using ProfileStore again = folder.Open();
        OnePassRewardModel expected = Oracle.After(0, dimension);
        int released = again.Trust(s_key, s_now);
        for (int number = 4; number <= room + 3; number++)
        {
            if (number != room + 1)
                expected.Observe(new Learning.Comparison(Known.Difference(StateFolder.Seed, number, dimension), 1));
        }
        Assert.Equal(expected.Comparisons, released);
        Oracle.AssertSame(expected, again.CatchUp());
    }

    [Fact]
    public void Nothing_is_held_for_longer_than_30_days()
    {
        using var folder = new StateFolder(16);
        using ProfileStore store = folder.Open();
        Hold(store, 1, s_key, s_now);
        Hold(store, 2, s_key, s_now.AddDays(29));
        Assert.Equal((2, 1), (store.CountHeld(s_now.AddDays(30)), store.CountHeld(s_now.AddDays(30).AddSeconds(1))));
        // Any later change of the journal takes it out of the file's lists.
        Hold(store, 3, s_socket, s_now.AddDays(31));
        Assert.Equal(2, store.CountHeld(s_now));
        Assert.Equal(0, store.Trust(s_key, s_now.AddDays(60)));
        Assert.Equal((0L, 1), (store.Sequence, store.CountHeld(s_now.AddDays(60))));
    }

    [Fact]
    public void The_last_32_trusted_sources_are_remembered()
    {
        using var folder = new StateFolder(4);
        Guid[] sources = [.. Enumerable.Range(0, 33).Select(_ => Guid.NewGuid())];
        using (ProfileStore store = folder.Open())
        {
            foreach (Guid source in sources)
                Assert.Equal(0, store.Trust(source, s_now));
        }
        using ProfileStore again = folder.Open();
        Assert.Equal(sources[1..], sources.Where(again.IsTrusted));
    }

    [Fact]
    public void The_folder_has_the_same_bytes_after_200_mixed_steps()
    {
        using var folder = new StateFolder(40, mixed: true);
        folder.Open().Dispose();
        long first = folder.Bytes;
        using (ProfileStore store = folder.Open())
        {
            for (int step = 0; step < 200; step++)
            {
                folder.Step(store);
                _ = store.WriteCheckpointChunk();
                Assert.Equal(first, folder.Bytes);
            }
        }
        using ProfileStore again = folder.Open();
        folder.AssertSound(again);
        Assert.Equal(first, folder.Bytes);
    }

    [Fact]
    public void The_largest_act_fits_into_the_log_that_a_full_disk_has_reserved_for_it()
    {
        const int Dimension = 1100;
        using var folder = new StateFolder(Dimension);
        using ProfileStore store = folder.Open();
        for (int number = 1; number <= 32; number++)
            Hold(store, number, s_key);
        long data = new FileInfo(folder.Data).Length,
            log = new FileInfo(folder.Log).Length;
        Assert.Equal(32, store.Trust(s_key, s_now));
        Assert.Equal((data, log), (new FileInfo(folder.Data).Length, new FileInfo(folder.Log).Length));
    }

    private static Guid Id(int number) => Known.Round(StateFolder.Seed, number);

    private static bool Hold(ProfileStore store, int number, Guid source, DateTimeOffset? at = null) =>
        store.Hold(Id(number), source, Known.Difference(StateFolder.Seed, number, store.Identity.Dimension), at ?? s_now);
}
