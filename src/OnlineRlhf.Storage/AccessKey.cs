namespace OnlineRlhf.Storage;

/// <summary>A client's key. Its text is kept nowhere, only the SHA-256 of it.</summary>
/// <param name="Name">Its name: at most 64 ASCII characters.</param>
/// <param name="Profile">The profile that it is for: at most 64 ASCII characters.</param>
/// <param name="Id">Tells it from an earlier key of the same name.</param>
/// <param name="Created">The day on which it was made.</param>
/// <param name="MayNameProfiles">Whether its requests may name other profiles.</param>
/// <param name="IsTalkLearned">Whether the daemon may learn from its conversations.</param>
/// <param name="Digest">The SHA-256 of its text: 32 bytes.</param>
public sealed record AccessKey(
    string Name,
    string Profile,
    Guid Id,
    DateOnly Created,
    bool MayNameProfiles,
    bool IsTalkLearned,
    ReadOnlyMemory<byte> Digest
);
