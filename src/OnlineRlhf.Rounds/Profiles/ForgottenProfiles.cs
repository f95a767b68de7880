using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Profiles;

/// <summary>Tells which profiles were forgotten: their state was there, and somebody has deleted it. Safe for concurrent use.</summary>
/// <param name="directory">The folder of the profiles.</param>
internal sealed class ForgottenProfiles(string directory)
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _stored = [],
        _removed = [];

    /// <summary>Notes that a profile has a state.</summary>
    internal void Opened(string profile)
    {
        lock (_gate)
            _stored.Add(profile);
    }

    /// <summary>Notes that the state of a profile was deleted while it was in use; there may be a new one by now.</summary>
    internal void Removed(string profile)
    {
        lock (_gate)
            _removed.Add(profile);
    }

    /// <summary>Whether a profile was forgotten; says so once.</summary>
    internal bool Take(string profile)
    {
        lock (_gate)
            return _removed.Remove(profile)
                | (_stored.Contains(profile) && !ProfileStore.Exists(Path.Combine(directory, profile)) && _stored.Remove(profile));
    }
}
