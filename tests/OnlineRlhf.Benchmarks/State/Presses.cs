using OnlineRlhf.Benchmarks.Measuring;
using OnlineRlhf.Learning;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Benchmarks.State;

/// <summary>Presses as they come from a person, with a new round each.</summary>
internal sealed class Presses(int dimension)
{
    private readonly RandomComparisons _comparisons = new(dimension, dimension + 1);

    internal StateIdentity Identity { get; } = new("benchmark model", "benchmark features", dimension);

    internal void Append(ProfileStore store)
    {
        Comparison comparison = _comparisons.Next();
        _ = store.Append(Guid.NewGuid(), comparison.Difference, comparison.Label, ComparisonKind.Press);
    }

    /// <summary>
    /// Some presses, with one chunk of a due checkpoint behind each, as the daemon paces them; an unfinished checkpoint is finished.
    /// </summary>
    internal void AppendPaced(ProfileStore store, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Append(store);
            if (store.CheckpointDue)
                _ = store.WriteCheckpointChunk();
        }
        FinishCheckpoint(store);
    }

    internal static void FinishCheckpoint(ProfileStore store)
    {
        while (store.CheckpointDue && store.WriteCheckpointChunk()) { }
    }
}
