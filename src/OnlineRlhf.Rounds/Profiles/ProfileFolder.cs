using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Profiles;

/// <summary>
/// The folder of a model's profiles, with a folder for each. It notices which profiles were forgotten: their state was stored, and somebody deleted
/// it. Safe for concurrent use.
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

    /// <summary>Locates the folder of a model.</summary>
    /// <param name="stateDirectory">The folder above all profiles.</param>
    /// <param name="model">The model's fingerprint. Each model has states of its own, and finds them again when it is used again.</param>
    /// <param name="opened">Called for each profile that is opened, and for each one whose files were removed while it was open.</param>
    internal ProfileFolder(string stateDirectory, string model, Action<string, RecoveryReport>? opened)
    {
        string all = Path.Combine(stateDirectory, "profiles");
        // Other users must not see the names of the profiles either.
        if (Directory.Exists(all) && File.GetUnixFileMode(all) != OwnerOnly)
            File.SetUnixFileMode(all, OwnerOnly);
        _path = Path.Combine(all, model[..ModelFolderDigits]);
        _opened = opened;
    }

    /// <summary>Names of the profiles on the disk.</summary>
    internal IEnumerable<string> Stored =>
        Directory.Exists(_path) ? Directory.EnumerateDirectories(_path).Select(d => Path.GetFileName(d)).Where(ProfileName.IsValid) : [];

    /// <summary>The folder of a profile.</summary>
    internal string PathOf(string profile) => Path.Combine(_path, profile);

    /// <summary>Notes how a profile was opened, or that its state was deleted while it was in use. A new state may exist by now.</summary>
    internal void Report(string profile, RecoveryReport recovery)
    {
        lock (_gate)
            (recovery.Outcome == RecoveryOutcome.Removed ? _removed : _stored).Add(profile);
        _opened?.Invoke(profile, recovery);
    }

    /// <summary>Whether a profile was forgotten. Returns true only once for each time.</summary>
    internal bool TakeForgotten(string profile)
    {
        lock (_gate)
            return _removed.Remove(profile) | (_stored.Contains(profile) && !ProfileStore.Exists(PathOf(profile)) && _stored.Remove(profile));
    }
}
