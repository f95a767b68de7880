using System.Runtime.InteropServices;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage;
using OnlineRlhf.Storage.Disk;
using OnlineRlhf.Storage.Layout;

namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>What a daemon that has ended left of a profile.</summary>
/// <param name="Comparisons">How many it has learned.</param>
/// <param name="Bits">θ, its average and the factor.</param>
internal sealed record LearnedState(long Comparisons, byte[] Bits)
{
    internal static LearnedState Read(TempFolder folder, string profile = "default")
    {
        string directory = Path.GetDirectoryName(Assert.Single(
            Directory.EnumerateFiles(folder.State, "state.db", SearchOption.AllDirectories), f => Path.GetFileName(Path.GetDirectoryName(f)) == profile))!;
        HeaderRecord header;
        using (StateDatabase database = StateDatabase.OpenToRead(Path.Combine(directory, "state.db"), Path.Combine(directory, "state-log.db"), null))
            header = HeaderRecord.Read(database.Find(StateFormat.Meta, 0, out _)!)!;
        using ProfileStore store = ProfileStore.Open(directory, header.Identity, header.HyperParameters);
        OnePassRewardModel model = store.Model;
        return new LearnedState(model.Comparisons, [.. MemoryMarshal.AsBytes(model.Parameter), .. MemoryMarshal.AsBytes(model.AverageParameter), .. MemoryMarshal.AsBytes(model.Factor)]);
    }
}
