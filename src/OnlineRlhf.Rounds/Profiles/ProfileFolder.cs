using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Profiles;

/// <summary>
/// The folder of a model's profiles, one folder each. It knows which of them were forgotten: their state was there, and somebody has deleted it. Safe
/// for concurrent use.
/// </summary>
internal sealed class ProfileFolder
{
    private const int ModelFolderDigits = 16;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly Action<string, RecoveryReport>? _opened;
    private readonly HashSet<string> _stored = [],
        _removed = [];

    /// <summary>Finds the folder of a model.</summary>
    /// <param name="stateDirectory">Where all profiles live.</param>
    /// <param name="model">The model's fingerprint. Another model starts a state of its own and leaves this one for its return.</param>
    /// <param name="opened">Told how each profile was opened, and which were removed while they were open.</param>
    internal ProfileFolder(string stateDirectory, string model, Action<string, RecoveryReport>? opened)
    {
        string all = Path.Combine(stateDirectory, "profiles");
        // The names of profiles are for the owner alone too.
        if (Directory.Exists(all) && File.GetUnixFileMode(all) != OwnerOnly)
            File.SetUnixFileMode(all, OwnerOnly);
        _path = Path.Combine(all, model[..ModelFolderDigits]);
        _opened = opened;
    }

    /// <summary>Names of the profiles on the disk.</summary>
    internal IEnumerable<string> Stored =>
        Directory.Exists(_path) ? Directory.EnumerateDirectories(_path).Select(d => Path.GetFileName(d)).Where(ProfileName.IsValid) : [];

    /// <summary>Where a profile is stored.</summary>
    internal string PathOf(string profile) => Path.Combine(_path, profile);

    /// <summary>Notes how a profile was opened, or that its state was deleted while it was in use; there may be a new one by now.</summary>
    internal void Report(string profile, RecoveryReport recovery)
    {
        lock (_gate)
            (recovery.Outcome == RecoveryOutcome.Removed ? _removed : _stored).Add(profile);
        _opened?.Invoke(profile, recovery);
    }

    /// <summary>Whether a profile was forgotten; says so once.</summary>
    internal bool TakeForgotten(string profile)
    {
        lock (_gate)
            return _removed.Remove(profile) | (_stored.Contains(profile) && !ProfileStore.Exists(PathOf(profile)) && _stored.Remove(profile));
    }
}
