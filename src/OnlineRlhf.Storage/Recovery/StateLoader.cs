using LiteDB;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage.Disk;
using OnlineRlhf.Storage.Layout;

namespace OnlineRlhf.Storage.Recovery;

/// <summary>Reads a state file without changing it: the newest checkpoint that holds, then every comparison after it without a gap.</summary>
internal sealed class StateLoader
{
    private readonly StateDatabase _database;
    private readonly Func<StateIdentity, StateIdentity?> _recognise;
    private readonly int _d;
    private readonly List<string> _problems = [];
    private readonly SlotRecord?[] _ring;
    private readonly string?[] _slotProblems;
    private StateIdentity _identity;
    private int _version;

    private StateLoader(StateDatabase database, StateIdentity identity, Func<StateIdentity, StateIdentity?> recognise)
    {
        (_database, _identity, _recognise, _d) = (database, identity, recognise, identity.Dimension);
        _ring = new SlotRecord?[_d];
        _slotProblems = new string?[_d];
    }

    /// <summary>Reads all of it. Reports damage, and does not throw for it.</summary>
    /// <exception cref="StateException">The file belongs to something else or to a newer version.</exception>
    public static LoadedState Load(StateDatabase database, string path, StateIdentity identity, Func<StateIdentity, StateIdentity?> recognise)
    {
        var loader = new StateLoader(database, identity, recognise);
        if (loader.CheckHeader(path) is { } problem)
            return Nothing(identity, problem);
        return loader.LoadAll();
    }

    /// <summary>A file of which nothing can be used.</summary>
    public static LoadedState Nothing(StateIdentity identity, params IReadOnlyList<string> problems) =>
        new(
            identity,
            StateFormat.Version,
            null,
            new CheckpointRecord?[2],
            [],
            History.None,
            JournalRecord.Empty,
            new RecoveryReport
            {
                Outcome = RecoveryOutcome.Lost,
                Sequence = 0,
                Problems = problems,
            }
        );

    private string? CheckHeader(string path)
    {
        BsonDocument? document = _database.Find(StateFormat.Meta, 0, out string? failure);
        if (document is null)
            return $"The header cannot be read: {failure ?? "it is missing"}.";
        _version = HeaderRecord.VersionOf(document);
        if (_version > StateFormat.Version)
            throw new StateException(
                StateError.NewerFormat,
                $"{path} has format {_version}; this version reads up to {StateFormat.Version}. "
                    + "Nothing was changed: use the newer program, or name another profile."
            );
        if (_version < 1 || HeaderRecord.Read(document) is not { } header)
            return "The header is damaged.";
        StateIdentity stored = header.Identity;
        if (stored == _identity)
            return null;
        if (stored with { FeatureMapFingerprint = _identity.FeatureMapFingerprint } == _identity && _recognise(stored) is { } recognised)
        {
            _identity = recognised;
            return null;
        }
        string what =
            stored.ModelFingerprint != _identity.ModelFingerprint
                ? $"was learned with the model {stored.ModelFingerprint}, not with {_identity.ModelFingerprint}"
            : stored.Dimension != _identity.Dimension ? $"has dimension {stored.Dimension}, not {_identity.Dimension}"
            : $"was learned with the feature map {stored.FeatureMapFingerprint}, not with {_identity.FeatureMapFingerprint}";
        throw new StateException(
            StateError.DoesNotFit,
            $"{path} {what}. Nothing was changed: use the model it belongs to, name another profile, or forget this one."
        );
    }

    private LoadedState LoadAll()
    {
        CheckpointRecord?[] checkpoints = [ReadHeader(1), ReadHeader(2)];
        CheckpointRecord[] candidates = [.. checkpoints.OfType<CheckpointRecord>().Where(c => c.IsValid).OrderByDescending(c => c.Generation)];
        OnePassRewardModel? model = null;
        CheckpointRecord? used = null;
        bool newerFailed = false;
        var snapshot = new Snapshot(_d);
        foreach (CheckpointRecord candidate in candidates)
        {
            // This reads also the checkpoint that is not needed. So damage in the fall-back is found while the other one can still mend it.
            string? problem = Read(candidate, snapshot);
            if (problem is null && used is null && (problem = Restore(candidate, snapshot, out model)) is null)
                used = candidate;
            if (problem is null)
                continue;
            _problems.Add(problem);
            checkpoints[candidate.Number - 1] = null;
            newerFailed |= used is null;
        }
        if (model is null || used is null)
            return Nothing(_identity, [.. _problems, "No checkpoint can be used."]);

        ReadRing();
        History history = used.History;
        long? endedAt = Replay(model, ref history);
        (List<SlotRecord> kept, int discarded) = Sort(model.Comparisons);
        JournalRecord journal = _version == 1 ? JournalRecord.Empty : ReadJournal(kept);
        var report = new RecoveryReport
        {
            Outcome = _problems.Count == 0 ? RecoveryOutcome.Restored : RecoveryOutcome.Repaired,
            Sequence = model.Comparisons,
            CheckpointSequence = used.Sequence,
            FromOlderCheckpoint = newerFailed || (checkpoints.Contains(null) && model.Comparisons - used.Sequence >= StateFormat.Interval(_d)),
            ReplayEndedAt = endedAt,
            Discarded = discarded,
            Problems = _problems,
        };
        return new LoadedState(_identity, _version, model, checkpoints, kept, history, journal, report);
    }

    private CheckpointRecord? ReadHeader(int number)
    {
        BsonDocument? document = _database.Find(StateFormat.Meta, number, out string? failure);
        CheckpointRecord? checkpoint = CheckpointRecord.Read(document, number, _version);
        if (checkpoint is null)
            _problems.Add($"The header of checkpoint {number} is damaged{(failure is null ? "" : $": {failure}")}.");
        return checkpoint;
    }

    private string? Read(CheckpointRecord checkpoint, Snapshot snapshot)
    {
        for (int index = 0; index < StateFormat.ChunkCount(_d); index++)
        {
            BsonDocument? document = _database.Find(StateFormat.Chunks(checkpoint.Number), index, out string? failure);
            if (checkpoint.ReadChunk(document, index, StateFormat.ChunkLength(_d, index)) is not { } data)
                return $"Chunk {index} of checkpoint {checkpoint.Number}, "
                    + $"of comparison {checkpoint.Sequence}, is damaged{(failure is null ? "" : $": {failure}")}.";
            snapshot.SetChunk(index, data);
        }
        return null;
    }

    private string? Restore(CheckpointRecord checkpoint, Snapshot snapshot, out OnePassRewardModel? model)
    {
        model = null;
        try
        {
            ComparisonLimits.Check(checkpoint.HyperParameters);
            var restored = new OnePassRewardModel(_d, checkpoint.HyperParameters);
            snapshot.Restore(restored, checkpoint.Sequence);
            model = restored;
            return null;
        }
        catch (ArgumentException refused)
        {
            return $"Checkpoint {checkpoint.Number}, of comparison {checkpoint.Sequence}, holds no state of a model: {refused.Message}";
        }
    }

    private void ReadRing()
    {
        for (int i = 0; i < _d; i++)
        {
            BsonDocument? document = _database.Find(StateFormat.Ring, i, out string? failure);
            if (document is null)
                _slotProblems[i] = failure is null ? "is missing" : $"cannot be read: {failure}";
            else
                _ring[i] = SlotRecord.Read(document, _d, _version, out _slotProblems[i]);
            if (_ring[i] is { IsEmpty: false } slot && StateFormat.SlotOf(slot.Sequence, _d) != i)
                (_ring[i], _slotProblems[i]) = (null, $"holds comparison {slot.Sequence}, which belongs elsewhere");
        }
    }

    /// <summary>Learns the comparisons after the checkpoint.</summary>
    /// <returns>The last comparison learned, where damage ended the replay; null where it got to the end.</returns>
    private long? Replay(OnePassRewardModel model, ref History history)
    {
        while (true)
        {
            long next = model.Comparisons + 1;
            int slot = StateFormat.SlotOf(next, _d);
            if (_ring[slot] is { IsHole: false } found && found.Sequence == next)
            {
                try
                {
                    model.Observe(found.ToComparison());
                    history = history.After(found);
                    continue;
                }
                catch (ArgumentException refused)
                {
                    (_ring[slot], _slotProblems[slot]) = (null, $"cannot be learned: {refused.Message}");
                }
            }
            bool more = _ring.Any(s => s is not null && s.Sequence >= next);
            if (_slotProblems[slot] is null && !more)
                return null;
            _problems.Add(
                $"The replay ended after comparison {next - 1}: the slot of comparison {next} {_slotProblems[slot] ?? "does not hold it"}."
            );
            return next - 1;
        }
    }

    private JournalRecord ReadJournal(IReadOnlyList<SlotRecord> kept)
    {
        BsonDocument? document = _database.Find(StateFormat.Meta, JournalRecord.Number, out string? failure);
        if (JournalRecord.Read(document) is not { } journal)
        {
            _problems.Add(
                $"The journal is damaged{(failure is null ? "" : $": {failure}")}. What was held back is lost, and no source is trusted any more."
            );
            // A higher epoch than any comparison's does no harm, and the lost one may have been higher.
            journal = JournalRecord.Empty with
            {
                Epoch = kept.Select(slot => slot.Epoch).DefaultIfEmpty().Max() + 1,
            };
        }
        HashSet<Guid> recorded = [.. kept.Select(slot => slot.RoundId)];
        var held = new List<HeldRecord>();
        for (int i = 0; i < StateFormat.LargestAct(_d); i++)
        {
            document = _database.Find(StateFormat.Held, i, out failure);
            HeldRecord? entry = journal.Held.FirstOrDefault(h => h.Slot == i);
            if (document is null)
                _problems.Add($"Place {i} of what is held back {(failure is null ? "is missing" : $"cannot be read: {failure}")}.");
            else if (entry?.WithDifferenceOf(document, _d) is { } read && !recorded.Contains(read.Id))
                held.Add(read);
            else if (entry is not null)
                _problems.Add($"A comparison that was held back in place {i} is damaged, or recorded already. It is given up.");
        }
        return journal with { Held = [.. journal.Held.Select(h => held.Find(read => read.Slot == h.Slot)).OfType<HeldRecord>()] };
    }

    /// <summary>
    /// Divides the slots into those that the model has learned, and those beyond the end of the replay. These must never be learned after others.
    /// </summary>
    private (List<SlotRecord> Kept, int Discarded) Sort(long sequence)
    {
        var kept = new List<SlotRecord>(_d);
        int discarded = 0,
            missing = 0;
        for (int i = 0; i < _d; i++)
        {
            SlotRecord? slot = _ring[i];
            long expected = StateBuilder.LastIn(i, sequence, _d);
            if (slot is not null && slot.Sequence > sequence)
                discarded++;
            else if (slot is { IsEmpty: false } && slot.Sequence == expected)
                kept.Add(slot);
            else if (slot is null || slot.Sequence != expected)
                missing++;
        }
        if (missing > 0)
            _problems.Add($"{missing} of the ring's {_d} slots are damaged or out of date.");
        if (discarded > 0)
            _problems.Add($"{discarded} stored comparisons beyond the end of the replay are given up.");
        return (kept, discarded);
    }
}
