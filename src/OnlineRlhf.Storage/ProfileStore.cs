using LiteDB;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage.Disk;
using OnlineRlhf.Storage.Layout;
using OnlineRlhf.Storage.Recovery;

namespace OnlineRlhf.Storage;

/// <summary>
/// One profile's learned state, in a directory of its own: durable before it is acknowledged, and of constant size from its first moment on.
/// </summary>
/// <remarks>
/// The file holds a ring of d comparisons and two checkpoints of the learner. The store rewrites the checkpoints in turn, one after each d/2
/// comparisons. At a start it takes the newest valid checkpoint and replays the comparisons after it: θ and the factor get the same bits as before.
/// It needs memory for the model and, from the first checkpoint on, for one copy of it.
/// <c>Append</c> makes a comparison durable and <see cref="CatchUp"/> learns it. So nothing is learned that is
/// not durable. Of several comparisons in a row, each is learned before the next one is written.
/// Where a write fails, the store is faulted: <see cref="CatchUp"/> still returns the model as it was, and any further write throws. Dispose the
/// store and open it again: it then holds exactly what is durable, and <see cref="TryFind"/> says whether the comparison whose write failed is part
/// of that. Not safe for concurrent use.
/// </remarks>
public sealed partial class ProfileStore : IDisposable
{
    /// <summary>
    /// The largest magnitude that is accepted for an element of z. It is far above any feature, and far too
    /// small to make a step of the learner overflow.
    /// </summary>
    internal const float LargestMagnitude = 1e6f;

    private readonly ProfileDirectory _directory;
    private readonly StateDatabase _database;
    private readonly CheckpointWriter _checkpoints;
    private readonly Dictionary<Guid, RecordedComparison> _recorded;
    private readonly Guid[] _rounds;
    private readonly OnePassRewardModel _model;
    private readonly Queue<SlotRecord> _unlearned = new();
    private History _history;
    private JournalRecord _journal;
    private StateException? _refusal;
    private bool _disposed;

    private ProfileStore(ProfileDirectory directory, StateDatabase database, LoadedState state)
    {
        (_directory, _database, _model) = (directory, database, state.Model!);
        (Identity, Recovery, _history, _journal, _refusal) = (state.Identity, state.Report, state.History, state.Journal, state.Refusal);
        _checkpoints = new CheckpointWriter(database, _model.Dimension, state.Checkpoints[0]!, state.Checkpoints[1]!);
        Sequence = _model.Comparisons;
        _rounds = new Guid[_model.Dimension];
        _recorded = new Dictionary<Guid, RecordedComparison>(_model.Dimension);
        foreach (SlotRecord slot in state.Slots.Where(slot => !slot.IsHole))
            Remember(slot.Recorded);
    }

    /// <summary>The number of the last durable comparison, 0 before the first; t of the learner.</summary>
    public long Sequence { get; private set; }

    /// <summary>The model and feature map that the state belongs to: where an earlier map was recognised, that one.</summary>
    public StateIdentity Identity { get; }

    /// <summary>What happened when the state was opened.</summary>
    public RecoveryReport Recovery { get; }

    /// <summary>Whether a write failed, so that the store must be opened again before anything can be learned.</summary>
    internal bool IsFaulted => _refusal is not null;

    /// <summary>The durable comparisons by their kind, since the state was made.</summary>
    public ComparisonCounts Counts => _history.Counts;

    /// <summary>Whether the files that this store has open are still the ones in its directory.</summary>
    /// <remarks>
    /// False once they, or a folder above them, were deleted, moved or replaced. A write would then be lost with them: the store refuses it.
    /// Costs three calls of the operating system.
    /// </remarks>
    public bool IsInPlace => _directory.IsInPlace && _database.IsInPlace;

    /// <summary>The most comparisons in one act, and the most that are held back: 32, or half the ring where that is less.</summary>
    public int LargestAct => StateFormat.LargestAct(_model.Dimension);

    /// <summary>Whether <see cref="WriteCheckpointChunk"/> has something to write.</summary>
    public bool CheckpointDue => !_disposed && !IsFaulted && _checkpoints.IsDue(Sequence);

    /// <summary>Whether a directory holds a state. The remains of one that could not be made, as on a full disk, do not count.</summary>
    /// <exception cref="StateException">The directory cannot be read.</exception>
    public static bool Exists(string directory) => ProfileDirectory.HoldsState(directory);

    /// <summary>
    /// Opens the state in a directory, or starts one where there is none. It repairs a damaged state, carries one of an earlier format over to this
    /// one, and converts one to <paramref name="hyperParameters"/> where they have changed.
    /// </summary>
    /// <remarks>
    /// Where a full disk leaves no room to carry a state over, it opens all the same and can be read; a write throws what the disk answered.
    /// </remarks>
    /// <param name="directory">The profile's own directory; created with mode 0700 where missing.</param>
    /// <param name="identity">What a new state belongs to.</param>
    /// <param name="hyperParameters">
    /// In the ranges of <see cref="HyperParameters"/>. Stored comparisons are replayed under those they were learned with.
    /// </param>
    /// <param name="recognise">
    /// The store asks it about a stored state of the same model and dimension with another feature map. Where that state can be served all the same,
    /// it returns its identity with the scales of its map. Null recognises none.
    /// </param>
    /// <exception cref="StateException">The state does not fit, is newer, is open elsewhere, or cannot be read or written.</exception>
    public static ProfileStore Open(
        string directory,
        StateIdentity identity,
        HyperParameters hyperParameters,
        Func<StateIdentity, StateIdentity?>? recognise = null
    ) => Open(directory, identity, hyperParameters, recognise, null);

    internal static ProfileStore Open(
        string directory,
        StateIdentity identity,
        HyperParameters hyperParameters,
        Func<StateIdentity, StateIdentity?>? recognise,
        DiskProbe? probe
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(hyperParameters);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(identity.Dimension);
        ComparisonLimits.Check(hyperParameters);
        ProfileDirectory files = ProfileDirectory.Take(directory);
        try
        {
            return StateOpening.Open(
                files,
                identity,
                recognise ?? (_ => null),
                hyperParameters,
                probe,
                (taken, database, state) => new ProfileStore(taken, database, state)
            );
        }
        catch (Exception failure)
        {
            files.Dispose();
            throw StateException.Of(failure, files.DataPath);
        }
    }

    /// <summary>Finds a round's comparison, as long as the ring holds it: for d comparisons.</summary>
    public bool TryFind(Guid roundId, out RecordedComparison found) => _recorded.TryGetValue(roundId, out found);

    /// <summary>A copy of all comparisons that <see cref="TryFind"/> knows, at most d, for whoever searches many.</summary>
    public IReadOnlyDictionary<Guid, RecordedComparison> Recorded() => new Dictionary<Guid, RecordedComparison>(_recorded);

    /// <summary>
    /// Makes a comparison durable. When it returns, neither a kill nor a power cut takes the comparison back; <see cref="CatchUp"/> learns it.
    /// </summary>
    /// <param name="roundId">
    /// The round the feedback belongs to; not one that <see cref="TryFind"/> knows. Where it is held back, it no longer is.
    /// </param>
    /// <param name="difference">z, d values of at most <see cref="LargestMagnitude"/>.</param>
    /// <param name="label">y: 1, 0, or ½ for a tie.</param>
    /// <param name="kind">How the comparison came about.</param>
    /// <returns>The comparison's number.</returns>
    /// <remarks>
    /// Costs two syncs. It never overwrites a comparison that the older checkpoint still needs: where the chunks of a due checkpoint were not
    /// written in time, it writes them first.
    /// </remarks>
    /// <exception cref="ArgumentException">The comparison cannot be learned, or the round is known already; nothing was stored.</exception>
    /// <exception cref="StateException">It could not be made durable; the store is faulted.</exception>
    public long Append(Guid roundId, ReadOnlySpan<float> difference, double label, ComparisonKind kind)
    {
        ThrowIfUnusable();
        CheckNew(roundId, difference, label);
        return Write([new SlotRecord(0, roundId, label, SlotRecord.Bytes(difference)) { Kind = kind }]);
    }

    /// <summary>Makes several comparisons durable as one act, in their order: all of them or none. Otherwise like a single one.</summary>
    /// <param name="act">At least one, at most <see cref="LargestAct"/>, each with an id of its own.</param>
    /// <returns>The number of the last one.</returns>
    /// <exception cref="ArgumentException">One of them cannot be learned, or is known already, or they are too many; nothing was stored.</exception>
    /// <exception cref="StateException">They could not be made durable; the store is faulted.</exception>
    public long Append(IReadOnlyList<NewComparison> act)
    {
        ThrowIfUnusable();
        ArgumentNullException.ThrowIfNull(act);
        if (act.Count < 1 || act.Count > LargestAct || act.DistinctBy(comparison => comparison.Id).Count() < act.Count)
            throw new ArgumentException($"An act has 1 to {LargestAct} comparisons, each with an id of its own: nothing was stored.", nameof(act));
        foreach (NewComparison comparison in act)
            CheckNew(comparison.Id, comparison.Difference.Span, comparison.Label);
        return Write([.. act.Select(c => new SlotRecord(0, c.Id, c.Label, SlotRecord.Bytes(c.Difference.Span)) { Kind = c.Kind })]);
    }

    /// <summary>Learns the durable comparisons that are not learned yet. Costs O(d²) for each, and nothing where there is none.</summary>
    /// <returns>The model after comparison <see cref="Sequence"/>. Only read it: this method alone teaches it.</returns>
    /// <exception cref="StateException">A comparison cannot be learned; the store is faulted.</exception>
    public OnePassRewardModel CatchUp()
    {
        while (_unlearned.TryPeek(out SlotRecord? slot))
        {
            try
            {
                _model.Observe(slot.ToComparison());
            }
            catch (ArgumentException failure)
            {
                throw Fault(failure);
            }
            _ = _unlearned.Dequeue();
        }
        return _model;
    }

    /// <summary>
    /// Writes one piece, of about 64 KiB, of the checkpoint that is due. Call it between acknowledgements. The first piece takes the snapshot.
    /// </summary>
    /// <returns>Whether more pieces remain; false also where no checkpoint was due.</returns>
    /// <exception cref="StateException">It could not be written; the store is faulted.</exception>
    public bool WriteCheckpointChunk()
    {
        ThrowIfUnusable();
        if (!_checkpoints.IsDue(Sequence))
            return false;
        OnePassRewardModel model = CatchUp();
        try
        {
            bool more = _checkpoints.WritePiece(model, _history);
            ThrowIfRemoved();
            return more;
        }
        catch (Exception failure)
        {
            throw Fault(failure);
        }
    }

    /// <summary>Overwrites all files in the directory with zeros, damaged copies too, and deletes it. Does nothing where it is missing.</summary>
    /// <remarks>
    /// A flash controller, or a file system that never writes in place, may keep old blocks until it needs them. Only encryption helps against that.
    /// </remarks>
    /// <exception cref="StateException">The state is open, or the directory cannot be written to.</exception>
    public static void Forget(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        if (!Directory.Exists(directory))
            return;
        using ProfileDirectory files = ProfileDirectory.Take(directory);
        try
        {
            files.Erase();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw StateException.Of(failure, directory);
        }
    }

    /// <summary>Closes the files. Nothing is written: all is durable already.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _database.Dispose();
        _directory.Dispose();
    }

    private void CheckNew(Guid id, ReadOnlySpan<float> difference, double label)
    {
        if (ComparisonLimits.Problem(new Comparison(difference, label), _model.Dimension) is { } problem)
            throw new ArgumentException($"The comparison of round {id} {problem}: it was not stored.", nameof(difference));
        if (id == Guid.Empty || _recorded.ContainsKey(id))
            throw new ArgumentException($"Round {id} {(id == Guid.Empty ? "is no round" : "is stored already")}: nothing was stored.", nameof(id));
    }

    /// <summary>Makes an act, the journal where it changes, and a comparison to hold back durable, in one transaction.</summary>
    /// <returns>The number of the last comparison.</returns>
    private long Write(SlotRecord[] act, JournalRecord? changed = null, HeldRecord? held = null)
    {
        JournalRecord journal = (changed ?? _journal).Without(act);
        OnePassRewardModel model = CatchUp();
        long first = Sequence + 1;
        SlotRecord[] slots = [.. act.Select((slot, i) => slot with { Sequence = first + i, Act = first, Epoch = journal.Epoch })];
        List<(string, BsonDocument)> documents =
        [
            .. slots.Select(slot => (StateFormat.Ring, slot.ToDocument(StateFormat.SlotOf(slot.Sequence, model.Dimension)))),
        ];
        if (held is not null)
            documents.Add((StateFormat.Held, held.ToDocument()));
        if (!ReferenceEquals(journal, _journal))
            documents.Add((StateFormat.Meta, journal.ToDocument()));
        try
        {
            ThrowIfRemoved();
            while (slots.Length > 0 && slots[^1].Sequence - model.Dimension > _checkpoints.OldestValid)
                _ = _checkpoints.WritePiece(model, _history);
            _database.Update([.. documents]);
            ThrowIfRemoved();
        }
        catch (Exception failure)
        {
            throw Fault(failure);
        }
        _journal = journal;
        foreach (SlotRecord slot in slots)
        {
            Sequence = slot.Sequence;
            _history = _history.After(slot);
            _unlearned.Enqueue(slot);
            Remember(slot.Recorded);
        }
        return Sequence;
    }

    private void Remember(RecordedComparison comparison)
    {
        ref Guid round = ref _rounds[StateFormat.SlotOf(comparison.Sequence, _model.Dimension)];
        _ = _recorded.Remove(round);
        round = comparison.RoundId;
        _recorded[round] = comparison;
    }

    private StateException Fault(Exception failure)
    {
        _refusal = new StateException(StateError.Faulted, $"An earlier write to {_directory.DataPath} failed: close this profile and open it again.");
        return IsInPlace ? StateException.Of(failure, _directory.DataPath) : Removed();
    }

    private void ThrowIfRemoved()
    {
        if (!IsInPlace)
            throw Removed();
    }

    private StateException Removed() =>
        new(
            StateError.Removed,
            $"{_directory.DataPath} was deleted, moved or replaced while it was open: nothing was recorded. "
                + "Try again: the profile then goes on with what is in its folder, or starts anew."
        );

    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_refusal is not null)
            throw _refusal;
    }
}
