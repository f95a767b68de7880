namespace OnlineRlhf.Storage;

/// <summary>A client's key. Its text is kept nowhere, only the SHA-256 of it.</summary>
/// <param name="name">Its name: at most 64 ASCII characters.</param>
/// <param name="profile">The profile that it is for: at most 64 ASCII characters.</param>
/// <param name="id">Tells it from an earlier key of the same name.</param>
/// <param name="created">The day on which it was made.</param>
/// <param name="mayNameProfiles">Whether its requests may name other profiles.</param>
/// <param name="isTalkLearned">Whether the daemon may learn from its conversations.</param>
/// <param name="digest">The SHA-256 of its text: 32 bytes.</param>
public sealed class AccessKey(
    string name,
    string profile,
    Guid id,
    DateOnly created,
    bool mayNameProfiles,
    bool isTalkLearned,
    ReadOnlyMemory<byte> digest
)
{
    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>The profile that it is for.</summary>
    public string Profile { get; } = profile;

    /// <summary>Tells it from an earlier key of the same name.</summary>
    public Guid Id { get; } = id;

    /// <summary>The day on which it was made.</summary>
    public DateOnly Created { get; } = created;

    /// <summary>Whether its requests may name other profiles.</summary>
    public bool MayNameProfiles { get; } = mayNameProfiles;

    /// <summary>Whether the daemon may learn from its conversations.</summary>
    public bool IsTalkLearned { get; } = isTalkLearned;

    /// <summary>The SHA-256 of its text.</summary>
    public ReadOnlyMemory<byte> Digest { get; } = digest;
}
