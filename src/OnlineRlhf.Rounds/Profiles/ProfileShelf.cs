using OnlineRlhf.Learning;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Profiles;

/// <summary>The profiles: opened on demand, a few of them in memory, the one not used for longest closed first. Closing loses nothing.</summary>
internal sealed class ProfileShelf(string directory, StateIdentity identity, HyperParameters hyperParameters, int capacity, Action<string, RecoveryReport> opened) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<Place> _places = [];
    private readonly Dictionary<string, int> _unasked = [];

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

    /// <summary>Takes a profile off the shelf; it stays open at least until the loan is disposed.</summary>
    internal Loan Borrow(string name)
    {
        lock (_gate)
        {
            Place? place = _places.Find(p => p.Profile.Name == name);
            if (place is null)
            {
                var profile = new Profile(name, Path.Combine(directory, name), identity, hyperParameters, opened) { UnaskedInARow = _unasked.GetValueOrDefault(name) };
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
            if (place.Profile.UnaskedInARow > 0)
                _unasked[place.Profile.Name] = place.Profile.UnaskedInARow;
            else
                _unasked.Remove(place.Profile.Name);
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

    /// <summary>Holds a profile open.</summary>
    internal readonly struct Loan(ProfileShelf shelf, Place place) : IDisposable
    {
        internal Profile Profile => place.Profile;

        public void Dispose() => shelf.Return(place);
    }

    internal sealed class Place(Profile profile)
    {
        internal Profile Profile { get; } = profile;

        internal int Users { get; set; }
    }
}
