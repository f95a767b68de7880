using OnlineRlhf.Learning;
using OnlineRlhf.Rounds.Pipeline;

namespace OnlineRlhf.Rounds.Profiles;

/// <summary>Opens profiles on demand and keeps a few of them in memory. It closes the least recently used one first. Closing loses nothing.</summary>
internal sealed class ProfileCache(ProfileFolder folder, FeatureMaps maps, HyperParameters hyperParameters, int capacity) : IDisposable
{
    private const int RememberedCounts = 1024;

    /// <summary>
    /// More than any limit, so that the next round asks. After a restart the daemon does not know how many rounds in a row asked nothing.
    /// </summary>
    private const int Unknown = int.MaxValue;

    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private readonly OrderedDictionary<string, int> _unasked = [];
    private bool _disposed;

    /// <summary>How many profiles are in memory.</summary>
    internal int Open
    {
        get
        {
            lock (_gate)
                return _entries.Count;
        }
    }

    /// <summary>Names of the profiles on the disk.</summary>
    internal IEnumerable<string> Stored => folder.Stored;

    /// <summary>Refuses a new profile if the disk already holds the most profiles.</summary>
    /// <exception cref="RoundException">There is no room for a new profile.</exception>
    internal void RequireRoomFor(string name, int most)
    {
        if (!Directory.Exists(folder.PathOf(name)) && Stored.Count() >= most)
            throw new RoundException(
                RoundError.TooManyProfiles,
                $"As many profiles are stored already as the profiles setting allows ({most}): nothing was recorded for a new one."
            );
    }

    /// <summary>Refuses calls after the loop was closed.</summary>
    /// <exception cref="ObjectDisposedException">The loop is closed.</exception>
    internal void RequireOpen()
    {
        lock (_gate)
            ObjectDisposedException.ThrowIf(_disposed, this);
    }

    /// <summary>Opens a profile. It stays open at least until the lease is disposed.</summary>
    internal Lease Acquire(string name)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Entry? entry = _entries.Find(p => p.Profile.Name == name);
            if (entry is null)
            {
                var profile = new Profile(name, folder.PathOf(name), maps, hyperParameters, folder.Report)
                {
                    UnaskedInARow = _unasked.TryGetValue(name, out int unasked) ? unasked : Unknown,
                };
                entry = new Entry(profile);
            }
            else
                _entries.Remove(entry);
            _entries.Add(entry);
            entry.Users++;
            Trim();
            return new Lease(this, entry);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (Entry entry in _entries)
                entry.Profile.Dispose();
            _entries.Clear();
        }
    }

    private void Return(Entry entry)
    {
        lock (_gate)
        {
            entry.Users--;
            // Only this number outlives the profile in memory, and only for the names that were used last.
            _unasked.Remove(entry.Profile.Name);
            _unasked.Add(entry.Profile.Name, entry.Profile.UnaskedInARow);
            if (_unasked.Count > RememberedCounts)
                _unasked.RemoveAt(0);
            Trim();
        }
    }

    private void Trim()
    {
        for (int i = 0; i < _entries.Count && _entries.Count > capacity; )
        {
            if (_entries[i].Users > 0)
            {
                i++;
                continue;
            }
            _entries[i].Profile.Dispose();
            _entries.RemoveAt(i);
        }
    }

    private async Task ReturnAfterAsync(Task checkpoint, Entry entry)
    {
        await checkpoint.ConfigureAwait(false);
        Return(entry);
    }

    /// <summary>Keeps a profile open.</summary>
    internal readonly struct Lease(ProfileCache profiles, Entry entry) : IDisposable
    {
        internal Profile Profile => entry.Profile;

        /// <summary>
        /// Gives the profile back. If a checkpoint is due, this happens only after it is written. Closing the profile earlier would restart the
        /// checkpoint, and if profiles take turns it would never be finished.
        /// </summary>
        public void Dispose()
        {
            if (entry.Profile.WriteCheckpointIfDue() is { } checkpoint)
                _ = profiles.ReturnAfterAsync(checkpoint, entry);
            else
                profiles.Return(entry);
        }
    }

    internal sealed class Entry(Profile profile)
    {
        internal Profile Profile { get; } = profile;

        internal int Users { get; set; }
    }
}
