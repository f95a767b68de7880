using OnlineRlhf.Inference.Features;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Rounds.Pipeline;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Profiles;

/// <summary>
/// One person's learned taste, in memory and on the disk. Nothing is written before the first comparison, so a name that is only used for requests
/// leaves no file.
/// </summary>
internal sealed class Profile : IDisposable
{
    // Between two chunks of a checkpoint, waiting acknowledgements need a turn, and a slow SD card needs time to catch up.
    private static readonly TimeSpan ChunkPause = TimeSpan.FromMilliseconds(5);

    private static readonly RecoveryReport Removal = new()
    {
        Outcome = RecoveryOutcome.Removed,
        Sequence = 0,
        Problems =
        [
            "Its files were deleted, moved or replaced while they were open. "
                + "What was learned in them is no longer used: it goes on with what is in its folder, or anew.",
        ],
    };

    private readonly Lock _gate = new();
    private readonly string _directory;
    private readonly FeatureMaps _maps;
    private readonly HyperParameters _hyperParameters;
    private readonly Action<string, RecoveryReport> _opened;
    private OnePassRewardModel? _fresh;
    private ProfileStore? _store;
    private volatile bool _checkpointing;
    private bool _disposed;

    internal Profile(string name, string directory, FeatureMaps maps, HyperParameters hyperParameters, Action<string, RecoveryReport> opened)
    {
        Name = name;
        _directory = directory;
        _maps = maps;
        _hyperParameters = hyperParameters;
        _opened = opened;
    }

    internal string Name { get; }

    /// <summary>How many rounds in a row asked nothing.</summary>
    internal int UnaskedInARow { get; set; }

    /// <summary>
    /// The feature map φ, with the scales that the profile was created with. If nothing is stored, with the scales that a new profile would get.
    /// </summary>
    internal FeatureMap GetMap()
    {
        lock (_gate)
        {
            OpenWhatIsStored();
            return StoredMap();
        }
    }

    /// <summary>Counts the recorded comparisons. Nothing is learned for that; a profile that is not in memory is read from the disk first.</summary>
    internal long CountComparisons()
    {
        lock (_gate)
        {
            OpenWhatIsStored();
            return _store?.Sequence ?? 0;
        }
    }

    /// <summary>Reads the feature map and the reward model, which do not change during the call.</summary>
    internal T Read<T>(Func<FeatureMap, OnePassRewardModel, T> read)
    {
        lock (_gate)
        {
            OnePassRewardModel model = Model();
            return read(StoredMap(), model);
        }
    }

    /// <summary>The same for a reader that works on features.</summary>
    internal T Read<TFeatures, T>(TFeatures features, Func<OnePassRewardModel, TFeatures, T> read)
        where TFeatures : allows ref struct
    {
        lock (_gate)
            return read(Model(), features);
    }

    /// <summary>Makes a comparison durable, to be learned when the model is next read. Returns how many comparisons the profile then holds.</summary>
    /// <param name="round">The id of the comparison.</param>
    /// <param name="map">The feature map that the difference was computed with. A new state is created with it.</param>
    /// <param name="difference">The difference of the features, z.</param>
    /// <param name="label">The label, y.</param>
    /// <param name="kind">How the comparison came about.</param>
    /// <param name="atLeast">How many comparisons the profile must already hold.</param>
    /// <exception cref="RoundException">
    /// The profile holds fewer comparisons than it must, or its state is not the one that the difference was computed for.
    /// </exception>
    internal long Record(Guid round, FeatureMap map, ReadOnlySpan<float> difference, double label, ComparisonKind kind, long atLeast = 0)
    {
        lock (_gate)
        {
            RequireAtLeast(atLeast);
            return Write(map, difference, (store, z) => store.Append(round, z, label, kind));
        }
    }

    /// <summary>Holds a comparison back, durably, until its source is trusted. False if the id is held or recorded already.</summary>
    internal bool Hold(Guid id, Guid source, FeatureMap map, ReadOnlySpan<float> difference, double label, DateTimeOffset now)
    {
        lock (_gate)
            return Write(map, difference, (store, z) => store.Hold(id, source, z, now, label));
    }

    /// <summary>Trusts a source and records what is held back from it. Returns how many comparisons that were.</summary>
    internal int Trust(Guid source, FeatureMap map, DateTimeOffset now)
    {
        lock (_gate)
            return Write(map, default, (store, _) => store.Trust(source, now));
    }

    /// <summary>Whether the comparisons of a source are learned at once.</summary>
    internal bool IsTrusted(Guid source)
    {
        lock (_gate)
        {
            OpenWhatIsStored();
            return _store?.IsTrusted(source) ?? false;
        }
    }

    /// <summary>Refuses if the profile holds fewer comparisons than the caller knows of.</summary>
    /// <exception cref="RoundException">The profile holds fewer comparisons.</exception>
    internal void RequireAtLeast(long comparisons)
    {
        if (comparisons <= 0)
            return;
        lock (_gate)
        {
            OpenWhatIsStored();
            long held = _store?.Sequence ?? 0;
            if (held < comparisons)
                throw StateChanged($"holds {held} comparisons, and held {comparisons} before");
        }
    }

    /// <summary>Finds the answer to a round, if the ring still holds it.</summary>
    internal RecordedComparison? Find(Guid round)
    {
        lock (_gate)
        {
            OpenWhatIsStored();
            return _store is not null && _store.TryFind(round, out RecordedComparison found) ? found : null;
        }
    }

    /// <summary>All comparisons in the ring, by their round. A search for many of them reads the disk and takes the lock only once.</summary>
    internal IReadOnlyDictionary<Guid, RecordedComparison> Recorded()
    {
        lock (_gate)
        {
            OpenWhatIsStored();
            return _store?.Recorded() ?? new Dictionary<Guid, RecordedComparison>();
        }
    }

    /// <summary>How often the profile has learned the whole data set, and the id of its state. Zero and null if no state is stored.</summary>
    internal (int Runs, Guid? State) FindFile(UInt128 digest)
    {
        lock (_gate)
        {
            OpenWhatIsStored();
            if (_store is null)
                return (0, null);
            LearnedFiles files = LearnedFiles.Read(_directory);
            return (files.Runs(digest, _store.Sequence), files.State == Guid.Empty ? null : files.State);
        }
    }

    /// <summary>
    /// Makes durable how often the profile has learned the whole data set; a higher stored number stays. False if no state is stored.
    /// </summary>
    /// <exception cref="RoundException">The profile has another state, or holds fewer comparisons than it must.</exception>
    internal bool RecordFile(UInt128 digest, int runs, Guid? state = null, long atLeast = 0)
    {
        lock (_gate)
        {
            RequireAtLeast(atLeast);
            OpenWhatIsStored();
            if (_store is null)
                return false;
            LearnedFiles files = LearnedFiles.Read(_directory);
            if (state is not null && state != files.State)
                throw StateChanged("has another state than before");
            files.Record(digest, Math.Max(runs, files.Runs(digest, _store.Sequence)), _store.Sequence);
            files.Write(_directory);
            return true;
        }
    }

    /// <summary>
    /// Starts to write a checkpoint in the background if one is due. Returns null if none is due, or if one is being written already. If the profile
    /// is closed during this, the checkpoint starts from the beginning next time.
    /// </summary>
    internal Task? WriteCheckpointIfDue()
    {
        // Check before taking the lock, so that a caller that has just learned does not wait for a chunk.
        if (_checkpointing)
            return null;
        lock (_gate)
        {
            if (_checkpointing || _store is not { CheckpointDue: true })
                return null;
            _checkpointing = true;
            return Task.Run(WriteCheckpointAsync);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            Close();
        }
    }

    private FeatureMap StoredMap() => _store is null ? _maps.Measured : _maps.Of(_store.Identity);

    private RoundException StateChanged(string how) =>
        new(RoundError.StateChanged, $"Profile {Name} {how}: its state was deleted, or an older one was put in its place.");

    private OnePassRewardModel Model()
    {
        OpenWhatIsStored();
        try
        {
            return _store?.CatchUp() ?? (_fresh ??= new OnePassRewardModel(_maps.Measured.Dimension, _hyperParameters));
        }
        catch (StateException)
        {
            Close();
            throw;
        }
    }

    /// <summary>Writes to the state that a difference was computed for; creates it if there is none.</summary>
    private T Write<T>(FeatureMap map, ReadOnlySpan<float> difference, Func<ProfileStore, ReadOnlySpan<float>, T> write)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CloseIfRemoved();
        try
        {
            ProfileStore store = OpenStore(map);
            return store.Identity.FeatureMapFingerprint == map.Fingerprint
                ? write(store, difference)
                : throw StateChanged("has another state than before");
        }
        catch (StateException)
        {
            // Only the disk is reliable now, so the next use reads the state from it again.
            Close();
            throw;
        }
    }

    private void OpenWhatIsStored()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CloseIfRemoved();
        if (_store is null && ProfileStore.Exists(_directory))
            OpenStore();
    }

    private ProfileStore OpenStore(FeatureMap? newMap = null)
    {
        if (_store is null)
        {
            // No state is stored, so a new one begins. The list of learned files belongs to an earlier state.
            if (!ProfileStore.Exists(_directory))
                LearnedFiles.Delete(_directory);
            _store = ProfileStore.Open(_directory, _maps.IdentityOf(newMap ?? _maps.Measured), _hyperParameters, _maps.Recognise);
            _fresh = null;
            if (_store.Recovery.Outcome == RecoveryOutcome.Lost)
                LearnedFiles.Delete(_directory);
            // Reading or creating a state leaves several copies of the learner behind. The collector alone would keep their memory for later, and a
            // small board cannot spare it.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            _opened(Name, _store.Recovery);
        }
        return _store;
    }

    /// <summary>
    /// Closes a state whose files were removed. A user who deletes a profile's folder wants it forgotten, so the copy in memory must not be used
    /// or written.
    /// </summary>
    private void CloseIfRemoved()
    {
        if (_store is { IsInPlace: false })
            Close();
    }

    private void Close()
    {
        bool removed = _store is { IsInPlace: false };
        _store?.Dispose();
        _store = null;
        _fresh = null;
        if (removed)
            _opened(Name, Removal);
    }

    private async Task WriteCheckpointAsync()
    {
        while (true)
        {
            lock (_gate)
            {
                try
                {
                    if (_store is null || !_store.CheckpointDue || !_store.WriteCheckpointChunk())
                    {
                        _checkpointing = false;
                        return;
                    }
                }
                catch (StateException)
                {
                    // The ring still holds every comparison. The next use meets the same failure of the disk or the comparison, and reports it.
                    _checkpointing = false;
                    Close();
                    return;
                }
            }
            await Task.Delay(ChunkPause).ConfigureAwait(false);
        }
    }
}
