using LiteDB;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage.Disk;
using OnlineRlhf.Storage.Layout;

namespace OnlineRlhf.Storage.Recovery;

/// <summary>Writes a whole state file: a profile's first one, and the one that takes the place of a damaged or converted one.</summary>
/// <remarks>
/// It writes the whole file under another name, and gives it its own name when it is durable. So a kill leaves the old state or the new one.
/// Both checkpoints of the new file hold everything learned so far. So after a change of the hyper-parameters no comparison is replayed with
/// the wrong ones.
/// </remarks>
internal static class StateBuilder
{
    /// <summary>Builds the file in <paramref name="directory"/> and puts it in place.</summary>
    /// <param name="directory">The profile's directory.</param>
    /// <param name="identity">What the state belongs to.</param>
    /// <param name="model">The state after its last comparison.</param>
    /// <param name="slots">What the ring holds, in any order; at most d.</param>
    /// <param name="probe">Sees the writes.</param>
    public static void Build(
        ProfileDirectory directory,
        StateIdentity identity,
        OnePassRewardModel model,
        IEnumerable<SlotRecord> slots,
        DiskProbe? probe
    )
    {
        directory.RemoveNew();
        try
        {
            using (var database = StateDatabase.Create(directory.NewPath, probe))
            {
                WriteAll(database, identity, model, slots);
                database.Finish();
            }
            directory.PutNewInPlace();
        }
        catch
        {
            directory.RemoveNew();
            throw;
        }
    }

    private static void WriteAll(StateDatabase database, StateIdentity identity, OnePassRewardModel model, IEnumerable<SlotRecord> slots)
    {
        int d = identity.Dimension;
        CheckpointRecord[] checkpoints = [Checkpoint(1, model), Checkpoint(2, model)];
        BsonDocument[] meta =
        [
            new HeaderRecord(identity, model.HyperParameters).ToDocument(),
            .. checkpoints.Select(checkpoint => checkpoint.ToDocument()),
        ];
        database.Insert(StateFormat.Meta, meta);
        var snapshot = new Snapshot(d);
        snapshot.Take(model);
        foreach (CheckpointRecord checkpoint in checkpoints)
        {
            // One transaction for each chunk, since the log is in memory until its transaction ends.
            for (int index = 0; index < StateFormat.ChunkCount(d); index++)
                database.Insert(StateFormat.Chunks(checkpoint.Number), [checkpoint.ToChunk(index, snapshot.Chunk(index))]);
        }
        var ring = new SlotRecord?[d];
        foreach (SlotRecord slot in slots)
            ring[StateFormat.SlotOf(slot.Sequence, d)] = slot;
        foreach (int[] batch in Enumerable.Range(0, d).Chunk(64))
            database.Insert(
                StateFormat.Ring,
                batch.Select(i => (ring[i] ?? SlotRecord.Placeholder(LastIn(i, model.Comparisons, d), d)).ToDocument(i))
            );
    }

    /// <summary>The header of a checkpoint in a new file.</summary>
    internal static CheckpointRecord Checkpoint(int number, OnePassRewardModel model) =>
        new(number, number, model.Comparisons, model.HyperParameters, IsValid: true);

    /// <summary>
    /// The number of the comparison that a slot must hold after comparison <paramref name="sequence"/>; 0 where the slot was not reached yet.
    /// </summary>
    internal static long LastIn(int slot, long sequence, int dimension)
    {
        long last = sequence - 1 - slot;
        return last < 0 ? 0 : (last / dimension * dimension) + slot + 1;
    }
}
