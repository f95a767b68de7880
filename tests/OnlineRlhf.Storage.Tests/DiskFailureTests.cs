using System.Diagnostics;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage.CrashWriter;
using OnlineRlhf.Storage.Disk;

namespace OnlineRlhf.Storage.Tests;

public class DiskFailureTests
{
    private const int NoSpace = 28,
        TooBig = 27,
        Quota = 122,
        InputOutput = 5;

    [Theory]
    [InlineData(NoSpace, StateError.DiskFull, false)]
    [InlineData(NoSpace, StateError.DiskFull, true)]
    [InlineData(TooBig, StateError.DiskFull, false)]
    [InlineData(Quota, StateError.DiskFull, false)]
    [InlineData(InputOutput, StateError.IoFailure, false)]
    [InlineData(InputOutput, StateError.IoFailure, true)]
    public void Whatever_operation_fails_nothing_acknowledged_is_lost_and_it_works_again_afterwards(int error, StateError reason, bool mixed)
    {
        const int Dimension = 8;
        using var folder = new StateFolder(Dimension, mixed);
        using (ProfileStore store = folder.Open())
            folder.Step(store);
        int failed = 0;
        // One failure for each operation of two rings, each in a store of its own on the same folder.
        for (int failAt = 1; failAt <= 5 * 16; failAt++)
        {
            // Counted from the opening on, which carries out the last transaction once more.
            int left = int.MaxValue;
            long acknowledged = 0;
            using (
                ProfileStore store = folder.Open(
                    (_, _, _, _) =>
                    {
                        if (left-- == 0)
                            throw new IOException("made to fail", error);
                    }
                )
            )
            {
                acknowledged = folder.StepsOf(store);
                left = failAt % 23;
                try
                {
                    while (acknowledged < 10_000)
                    {
                        folder.Step(store);
                        acknowledged = folder.StepsOf(store);
                        while (store.WriteCheckpointChunk()) { }
                    }
                }
                catch (StateException refused)
                {
                    failed++;
                    Assert.Equal(reason, refused.Reason);
                    Assert.True(store.IsFaulted);
                    Assert.False(store.CheckpointDue);
                    Assert.Equal(StateError.Faulted, Assert.Throws<StateException>(() => folder.Step(store)).Reason);
                    Assert.Equal(StateError.Faulted, Assert.Throws<StateException>(() => store.WriteCheckpointChunk()).Reason);
                    // What was learned may still be read.
                    Oracle.AssertSame(Oracle.After(store.Sequence, Dimension, mixed: mixed), store.CatchUp());
                }
            }
            using ProfileStore again = folder.Open();
            Assert.InRange(folder.StepsOf(again), acknowledged, acknowledged + 1);
            folder.AssertSound(again);
        }
        Assert.Equal(80, failed);
    }

    [Fact]
    public void A_failure_while_a_state_is_opened_loses_nothing()
    {
        const int Dimension = 8;
        using var folder = new StateFolder(Dimension);
        folder.Fill(21, paced: false);
        for (int failAt = 0; failAt < 5; failAt++)
        {
            int left = failAt;
            Assert.Equal(
                StateError.IoFailure,
                Assert
                    .Throws<StateException>(() =>
                        folder.Open(
                            (_, _, _, _) =>
                            {
                                if (left-- <= 0)
                                    throw new IOException("made to fail", InputOutput);
                            }
                        )
                    )
                    .Reason
            );
            using ProfileStore again = folder.Open();
            Assert.True(again.Recovery.IsClean, string.Join(' ', again.Recovery.Problems));
            Oracle.AssertSame(Oracle.After(21, Dimension), again.CatchUp());
        }
    }

    [Fact]
    public void A_failure_while_a_state_is_made_or_converted_leaves_the_one_before()
    {
        const int Dimension = 8;
        using var folder = new StateFolder(Dimension);
        for (int failAt = 0; failAt < 12; failAt++)
        {
            int left = failAt;
            Assert.Equal(StateError.DiskFull, Assert.Throws<StateException>(() => folder.Open((_, _, _, _) => Fail(ref left))).Reason);
            Assert.DoesNotContain(Directory.EnumerateFiles(folder.Profile), file => file.Contains("state.db", StringComparison.Ordinal));
            Assert.False(ProfileStore.Exists(folder.Profile));
        }
        folder.Fill(30, paced: false);
        Assert.True(ProfileStore.Exists(folder.Profile));
        for (int failAt = 0; failAt < 12; failAt++)
        {
            int left = failAt;
            Assert.Equal(
                StateError.DiskFull,
                Assert
                    .Throws<StateException>(() =>
                        ProfileStore.Open(
                            folder.Profile,
                            Known.Identity(Dimension),
                            new Learning.HyperParameters(0.5),
                            null,
                            (_, _, _, _) => Fail(ref left)
                        )
                    )
                    .Reason
            );
            using ProfileStore store = folder.Open();
            Assert.Equal((true, false), (store.Recovery.IsClean, store.Recovery.HyperParametersChanged));
            Oracle.AssertSame(Oracle.After(30, Dimension), store.CatchUp());
        }

        static void Fail(ref int left)
        {
            if (left-- <= 0)
                throw new IOException("made to fail", NoSpace);
        }
    }

    [Fact]
    public void A_file_that_the_file_system_lets_grow_no_further_is_a_full_disk_too()
    {
        using var folder = new StateFolder(8);
        using var file = new PageFile(Path.Combine(folder.Root, "large"), FileMode.Create, new PageLog(null, null), null) { Writable = true };
        try
        {
            // Beyond what any file system's files may have: the system's answer is EFBIG.
            file.Position = long.MaxValue - (2 * PageLog.PageSize);
            IOException refused = Assert.Throws<IOException>(() => file.Write(new byte[PageLog.PageSize], 0, PageLog.PageSize));
            Assert.Equal(StateError.DiskFull, StateException.Of(refused, "large").Reason);
        }
        finally
        {
            file.CloseFile();
        }
    }

    [Fact]
    public void On_a_full_file_system_a_comparison_is_refused_and_learned_once_there_is_space_again()
    {
        using var folder = new StateFolder(64);
        string mount = Path.Combine(folder.Root, "mount");
        _ = Directory.CreateDirectory(mount);
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=2m", "none", mount), "a file system cannot be mounted here");
        try
        {
            string profile = Path.Combine(mount, "p"),
                filler = Path.Combine(mount, "filler");
            using (ProfileStore store = ProfileStore.Open(profile, Known.Identity(64), new Learning.HyperParameters()))
                folder.Append(store, 50);
            Fill(filler);
            // All the space of a state is taken when it is made: learning goes on, through checkpoints too. A new profile is refused.
            using (ProfileStore store = ProfileStore.Open(profile, Known.Identity(64), new Learning.HyperParameters()))
                folder.Append(store, 120);
            string other = Path.Combine(mount, "q");
            StateException refused = Assert.Throws<StateException>(() =>
                ProfileStore.Open(other, Known.Identity(64), new Learning.HyperParameters())
            );
            Assert.Equal(StateError.DiskFull, refused.Reason);
            Assert.Contains(other, refused.Message, StringComparison.Ordinal);
            // Without its reserve, as another program's use of the file would leave it, it is refused too, and learned once there is space.
            File.Delete(Path.Combine(profile, "state-log.db"));
            Fill(filler + "2");
            using (ProfileStore store = ProfileStore.Open(profile, Known.Identity(64), new Learning.HyperParameters()))
            {
                Assert.Equal(StateError.DiskFull, Assert.Throws<StateException>(() => folder.AppendNext(store)).Reason);
                File.Delete(filler);
            }
            using (ProfileStore store = ProfileStore.Open(profile, Known.Identity(64), new Learning.HyperParameters()))
            {
                Assert.True(store.Recovery.IsClean);
                Oracle.AssertSame(Oracle.After(120, 64), store.CatchUp());
                folder.Append(store, 200);
            }
            using (ProfileStore store = ProfileStore.Open(other, Known.Identity(64), new Learning.HyperParameters()))
                Assert.Equal(RecoveryOutcome.Fresh, store.Recovery.Outcome);
            OnePassRewardModel expected = Oracle.After(200, 64);
            using ProfileStore again = ProfileStore.Open(profile, Known.Identity(64), new Learning.HyperParameters());
            Oracle.AssertSame(expected, again.CatchUp());
        }
        finally
        {
            _ = Run("umount", mount);
        }
    }

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        try
        {
            byte[] block = new byte[4096];
            while (true)
                file.Write(block);
        }
        catch (IOException)
        {
            // Full: that is what it is for.
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
