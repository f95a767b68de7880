using OnlineRlhf.Learning;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Profiles;

/// <summary>The profiles: opened on demand, a few of them in memory, the one not used for longest closed first. Closing loses nothing.</summary>
internal sealed class ProfileShelf(string directory, FeatureMaps maps, HyperParameters hyperParameters, int capacity, Action<string, RecoveryReport> opened) : IDisposable
{
    private const int RememberedCounts = 1024;

    /// <summary>After a restart nobody knows how many rounds in a row went unasked: more than any limit, so that the next one is asked.</summary>
    private const int Unknown = int.MaxValue;

    private readonly Lock _gate = new();
    private readonly List<Place> _places = [];
    private readonly OrderedDictionary<string, int> _unasked = [];
    private bool _disposed;

    /// <summary>Profiles in memory.</summary>
    internal int Open
    {
        get
        {
            lock (_gate)
                return _places.Count;
        }
    }

    /// <summary>Names of the profiles on the disk.</summary>
    internal IEnumerable<string> Stored => Directory.Exists(directory)
        ? Directory.EnumerateDirectories(directory).Select(d => Path.GetFileName(d)).Where(ProfileName.IsValid)
        : [];

    /// <summary>Refuses a profile that is not on the disk, where so many are.</summary>
    /// <exception cref="RoundException">There is no room for it.</exception>
    internal void RequireRoomFor(string name, int most)
    {
        if (!Directory.Exists(Path.Combine(directory, name)) && Stored.Count() >= most)
            throw new RoundException(RoundError.TooManyProfiles, $"As many profiles are stored already as the profiles setting allows ({most}): nothing was learned for a new one.");
    }

    /// <summary>Refuses what comes after the end.</summary>
    /// <exception cref="ObjectDisposedException">The shelf is closed.</exception>
    internal void RequireOpen()
    {
        lock (_gate)
            ObjectDisposedException.ThrowIf(_disposed, this);
    }

    /// <summary>Takes a profile off the shelf; it stays open at least until the loan is disposed.</summary>
    internal Loan Borrow(string name)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Place? place = _places.Find(p => p.Profile.Name == name);
            if (place is null)
            {
                var profile = new Profile(name, Path.Combine(directory, name), maps, hyperParameters, opened) { UnaskedInARow = _unasked.TryGetValue(name, out int unasked) ? unasked : Unknown };
                place = new Place(profile);
            }
            else
                _places.Remove(place);
            _places.Add(place);
            place.Users++;
            Trim();
            return new Loan(this, place);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (Place place in _places)
                place.Profile.Dispose();
            _places.Clear();
        }
    }

    private void Return(Place place)
    {
        lock (_gate)
        {
            place.Users--;
            // What outlives the profile in memory is this number, of the names last used.
            _unasked.Remove(place.Profile.Name);
            _unasked.Add(place.Profile.Name, place.Profile.UnaskedInARow);
            if (_unasked.Count > RememberedCounts)
                _unasked.RemoveAt(0);
            Trim();
        }
    }

    private void Trim()
    {
        for (int i = 0; i < _places.Count && _places.Count > capacity;)
        {
            if (_places[i].Users > 0)
            {
                i++;
                continue;
            }
            _places[i].Profile.Dispose();
            _places.RemoveAt(i);
        }
    }

    private async Task ReturnAfterAsync(Task checkpoint, Place place)
    {
        await checkpoint.ConfigureAwait(false);
        Return(place);
    }

    /// <summary>Holds a profile open.</summary>
    internal readonly struct Loan(ProfileShelf shelf, Place place) : IDisposable
    {
        internal Profile Profile => place.Profile;

        /// <summary>Gives the profile back; where a checkpoint is due, once it is written: closed before, it would start anew, and where profiles take turns never end.</summary>
        public void Dispose()
        {
            if (place.Profile.WriteCheckpointIfDue() is { } checkpoint)
                _ = shelf.ReturnAfterAsync(checkpoint, place);
            else
                shelf.Return(place);
        }
    }

    internal sealed class Place(Profile profile)
    {
        internal Profile Profile { get; } = profile;

        internal int Users { get; set; }
    }
}
