using OnlineRlhf.Storage.CrashWriter;
using OnlineRlhf.Storage.Disk;

namespace OnlineRlhf.Storage.Tests;

/// <summary>Somebody deletes, moves or replaces the files of an open state: what goes into a file without a name is never acknowledged.</summary>
public class RemovalTests
{
    private const int Dimension = 8;

    public static TheoryData<string, long> Removals =>
        new()
        {
            { "folder deleted", 0 },
            { "folder above deleted", 0 },
            { "folder moved", 0 },
            { "folder replaced by an older one", 5 },
            { "data deleted", 0 },
            { "data replaced by a copy", 20 },
            { "log deleted", 20 },
            { "lock deleted", 20 },
        };

    [Theory]
    [MemberData(nameof(Removals))]
    public void Nothing_is_acknowledged_once_the_files_are_gone(string removal, long sequence)
    {
        using var folder = new StateFolder(Dimension);
        MakeOlder(folder);
        using (ProfileStore store = folder.Open())
        {
            folder.Append(store, 20);
            Assert.True(store.IsInPlace);
            Remove(folder, removal);
            Assert.False(store.IsInPlace);
            AssertRemoved(folder, store, () => folder.AppendNext(store));
            // What was learned may still be read.
            Oracle.AssertSame(Oracle.After(20, Dimension), store.CatchUp());
        }
        AssertStartsWith(folder, sequence);
    }

    [Theory]
    [MemberData(nameof(Removals))]
    public void Nothing_is_acknowledged_whose_files_go_while_it_is_written(string removal, long sequence)
    {
        using var folder = new StateFolder(Dimension);
        MakeOlder(folder);
        Action<string> beforeSync = _ => { };
        using (
            ProfileStore store = folder.Open(
                (file, operation, _, _) =>
                {
                    if (operation == DiskOperation.Sync)
                        beforeSync(file);
                }
            )
        )
        {
            folder.Append(store, 20);
            beforeSync = file =>
            {
                if (file == folder.Data)
                    Remove(folder, removal);
            };
            AssertRemoved(folder, store, () => folder.AppendNext(store));
        }
        // Where the file itself is still there, or was copied, the comparison may be in it: then it is durable, and confirmed to whoever asks again.
        AssertStartsWith(folder, sequence, sequence == 20 ? 21 : sequence);
    }

    [Fact]
    public void A_checkpoint_is_not_written_on_into_files_that_are_gone()
    {
        using var folder = new StateFolder(200);
        using ProfileStore store = folder.Open();
        folder.Append(store, 100, paced: false);
        Assert.True(store.WriteCheckpointChunk());
        Directory.Delete(folder.Profile, recursive: true);
        AssertRemoved(folder, store, () => store.WriteCheckpointChunk());
        Assert.False(store.CheckpointDue);
    }

    [Fact]
    public void A_file_in_the_place_of_the_folder_is_refused_and_left_as_it_is()
    {
        using var folder = new StateFolder(Dimension);
        using (ProfileStore store = folder.Open())
        {
            folder.Append(store, 3);
            Directory.Delete(folder.Profile, recursive: true);
            File.WriteAllText(folder.Profile, "something else");
            AssertRemoved(folder, store, () => folder.AppendNext(store));
        }
        Assert.False(ProfileStore.Exists(folder.Profile));
        Assert.Equal(StateError.IoFailure, Assert.Throws<StateException>(() => folder.Open()).Reason);
        Assert.Equal("something else", File.ReadAllText(folder.Profile));
    }

    [Fact]
    public async Task A_folder_that_goes_while_somebody_looks_holds_no_state()
    {
        using var folder = new StateFolder(Dimension);
        using var stop = new CancellationTokenSource();
        var removing = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    Directory.CreateDirectory(folder.Profile);
                    Directory.Delete(folder.Profile);
                }
            },
            TestContext.Current.CancellationToken
        );

        int states = Enumerable.Range(0, 20_000).Count(_ => ProfileStore.Exists(folder.Profile));
        await stop.CancelAsync();
        await removing;

        Assert.Equal(0, states);
    }

    private static void AssertRemoved(StateFolder folder, ProfileStore store, Action write)
    {
        StateException refused = Assert.Throws<StateException>(write);
        Assert.Equal(StateError.Removed, refused.Reason);
        Assert.Contains(folder.Data, refused.Message, StringComparison.Ordinal);
        Assert.True(store.IsFaulted);
        Assert.Equal(StateError.Faulted, Assert.Throws<StateException>(() => folder.AppendNext(store)).Reason);
    }

    private static void AssertStartsWith(StateFolder folder, long least, long? most = null)
    {
        long start;
        using (ProfileStore again = folder.Open())
        {
            Assert.True(again.Recovery.IsClean, string.Join(' ', again.Recovery.Problems));
            Assert.InRange(start = again.Sequence, least, most ?? least);
            Oracle.AssertSame(Oracle.After(start, Dimension), again.CatchUp());
            folder.Append(again, start + 10);
        }
        using ProfileStore last = folder.Open();
        Oracle.AssertSame(Oracle.After(start + 10, Dimension), last.CatchUp());
    }

    private static void MakeOlder(StateFolder folder)
    {
        using ProfileStore store = ProfileStore.Open(Older(folder), Known.Identity(Dimension), new Learning.HyperParameters());
        folder.Append(store, 5);
    }

    private static string Older(StateFolder folder) => Path.Combine(folder.Root, "..", Path.GetFileName(folder.Root) + "-older");

    private static void Remove(StateFolder folder, string removal)
    {
        string elsewhere = Older(folder) + "-moved";
        switch (removal)
        {
            case "folder deleted":
                Directory.Delete(folder.Profile, recursive: true);
                break;
            case "folder above deleted":
                Directory.Delete(folder.Root, recursive: true);
                break;
            case "folder moved":
                Directory.Move(folder.Profile, elsewhere);
                break;
            case "folder replaced by an older one":
                Directory.Move(folder.Profile, elsewhere);
                Directory.Move(Older(folder), folder.Profile);
                break;
            case "data replaced by a copy":
                File.Copy(folder.Data, folder.Data + ".copy");
                File.Move(folder.Data + ".copy", folder.Data, overwrite: true);
                break;
            case "data deleted":
                File.Delete(folder.Data);
                break;
            case "log deleted":
                File.Delete(folder.Log);
                break;
            default:
                File.Delete(Path.ChangeExtension(folder.Data, ".lock"));
                break;
        }
    }
}
