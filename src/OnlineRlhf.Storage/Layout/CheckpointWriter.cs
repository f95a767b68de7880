using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage.Disk;

namespace OnlineRlhf.Storage.Layout;

/// <summary>
/// Rewrites the older of the two checkpoints. It marks it invalid, writes its chunks, and at last its header: one durable transaction each.
/// </summary>
internal sealed class CheckpointWriter(StateDatabase database, int dimension, CheckpointRecord first, CheckpointRecord second)
{
    private readonly CheckpointRecord[] _checkpoints = [first, second];
    private Snapshot? _snapshot;
    private CheckpointRecord? _pending;
    private int _nextChunk;

    /// <summary>The last comparison that every valid checkpoint holds. The ring must keep those after it.</summary>
    public long OldestValid => _checkpoints.Where(c => c.IsValid).Min(c => c.Sequence);

    /// <summary>Whether a checkpoint is being written, was interrupted, or is due after d/2 more comparisons.</summary>
    public bool IsDue(long sequence) =>
        _pending is not null || _checkpoints.Any(c => !c.IsValid) || sequence - _checkpoints.Max(c => c.Sequence) >= StateFormat.Interval(dimension);

    /// <summary>Writes one piece; the first one takes the snapshot. Returns whether more remain.</summary>
    public bool WritePiece(OnePassRewardModel model, History history)
    {
        if (_pending is null)
        {
            Begin(model, history);
            return true;
        }
        if (_nextChunk < StateFormat.ChunkCount(dimension))
        {
            database.Update((StateFormat.Chunks(_pending.Number), _pending.ToChunk(_nextChunk, _snapshot!.Chunk(_nextChunk))));
            _nextChunk++;
            return true;
        }
        CheckpointRecord done = _pending with { IsValid = true };
        database.Update((StateFormat.Meta, done.ToDocument()));
        _checkpoints[done.Number - 1] = done;
        _pending = null;
        return false;
    }

    private void Begin(OnePassRewardModel model, History history)
    {
        CheckpointRecord older = _checkpoints.MinBy(c => (c.IsValid, c.Generation))!;
        long generation = _checkpoints.Max(c => c.Generation) + 1;
        (_snapshot ??= new Snapshot(dimension)).Take(model);
        _pending = new CheckpointRecord(older.Number, generation, model.Comparisons, model.HyperParameters, IsValid: false, history);
        _nextChunk = 0;
        database.Update((StateFormat.Meta, _pending.ToDocument()));
        _checkpoints[older.Number - 1] = _pending;
    }
}
