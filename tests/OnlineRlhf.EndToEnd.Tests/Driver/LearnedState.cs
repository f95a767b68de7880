using System.Numerics;
using System.Runtime.InteropServices;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage;
using OnlineRlhf.Storage.Disk;
using OnlineRlhf.Storage.Layout;

namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>What a daemon that has ended left of a profile.</summary>
/// <remarks>
/// The tests' own process replays what follows the last checkpoint, with wider vectors than the published program and so with other last bits. Before
/// the first
/// checkpoint it replays all of both states; after it, two equal states whose checkpoints lie apart would seem to differ, unless this process
/// computes as the program does.
/// </remarks>
/// <param name="Comparisons">How many it has learned.</param>
/// <param name="Bits">θ, its average and the factor.</param>
internal sealed record LearnedState(long Comparisons, byte[] Bits)
{
    /// <summary>
    /// Whether the vectors of this process are as wide as those of the published program, which is built for every processor of its kind.
    /// </summary>
    internal static bool ComputesAlike => Vector<byte>.Count == 16;

    internal static LearnedState Read(TempFolder folder, string profile = "default")
    {
        string directory = Path.GetDirectoryName(
            Assert.Single(
                Directory.EnumerateFiles(folder.State, "state.db", SearchOption.AllDirectories),
                f => Path.GetFileName(Path.GetDirectoryName(f)) == profile
            )
        )!;
        HeaderRecord header;
        using (StateDatabase database = StateDatabase.OpenToRead(Path.Combine(directory, "state.db"), Path.Combine(directory, "state-log.db"), null))
            header = HeaderRecord.Read(database.Find(StateFormat.Meta, 0, out _)!)!;
        using ProfileStore store = ProfileStore.Open(directory, header.Identity, header.HyperParameters);
        OnePassRewardModel model = store.CatchUp();
        Assert.True(
            ComputesAlike || model.Comparisons < StateFormat.Interval(model.Dimension),
            "So many comparisons cannot be compared bit for bit here."
        );
        return new LearnedState(
            model.Comparisons,
            [.. MemoryMarshal.AsBytes(model.Parameter), .. MemoryMarshal.AsBytes(model.AverageParameter), .. MemoryMarshal.AsBytes(model.Factor)]
        );
    }
}
