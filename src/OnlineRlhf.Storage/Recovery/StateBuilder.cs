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
    /// <param name="state">What was read of the file that it takes the place of.</param>
    /// <param name="model">The state after its last comparison.</param>
    /// <param name="probe">Sees the writes.</param>
    /// <returns>The headers of the two checkpoints.</returns>
    public static CheckpointRecord[] Build(ProfileDirectory directory, LoadedState state, OnePassRewardModel model, DiskProbe? probe)
    {
        CheckpointRecord[] checkpoints = [Checkpoint(1, model, state.History), Checkpoint(2, model, state.History)];
        directory.RemoveNew();
        try
        {
            using (var database = StateDatabase.Create(directory.NewPath, probe))
            {
                WriteAll(database, state, model, checkpoints);
                database.Finish();
            }
            directory.PutNewInPlace();
            return checkpoints;
        }
        catch
        {
            directory.RemoveNew();
            throw;
        }
    }

    private static void WriteAll(StateDatabase database, LoadedState state, OnePassRewardModel model, CheckpointRecord[] checkpoints)
    {
        int d = model.Dimension;
        BsonDocument[] meta =
        [
            new HeaderRecord(state.Identity, model.HyperParameters).ToDocument(),
            .. checkpoints.Select(checkpoint => checkpoint.ToDocument()),
            state.Journal.ToDocument(),
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
        foreach (SlotRecord slot in state.Slots)
            ring[StateFormat.SlotOf(slot.Sequence, d)] = slot;
        foreach (int[] batch in Enumerable.Range(0, d).Chunk(64))
            database.Insert(
                StateFormat.Ring,
                batch.Select(i => (ring[i] ?? SlotRecord.Placeholder(LastIn(i, model.Comparisons, d), d)).ToDocument(i))
            );
        database.Insert(
            StateFormat.Held,
            Enumerable
                .Range(0, StateFormat.LargestAct(d))
                .Select(i => state.Journal.Held.FirstOrDefault(held => held.Slot == i)?.ToDocument() ?? HeldRecord.Placeholder(i, d))
        );
    }

    private static CheckpointRecord Checkpoint(int number, OnePassRewardModel model, History history) =>
        new(number, number, model.Comparisons, model.HyperParameters, IsValid: true, history);

    /// <summary>
    /// The number of the comparison that a slot must hold after comparison <paramref name="sequence"/>; 0 where the slot was not reached yet.
    /// </summary>
    internal static long LastIn(int slot, long sequence, int dimension)
    {
        long last = sequence - 1 - slot;
        return last < 0 ? 0 : (last / dimension * dimension) + slot + 1;
    }
}
