using System.Buffers;
using System.IO.Hashing;
using System.Text;

namespace OnlineRlhf.Rounds.Profiles;

/// <summary>Checks the names of profiles, and derives ids from them. A name must be plain because it is also the name of a folder.</summary>
internal static class ProfileName
{
    internal const string Rule = "A profile's name has 1 to 64 letters, digits, dots, dashes or underscores, and begins with a letter or digit.";

    /// <summary>The seed of the hash for comparisons that clients bring. It must never change, because stored rings hold these hashes.</summary>
    private const long Submitted = 1;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    internal static bool IsValid(string? name) =>
        name is { Length: >= 1 and <= 64 } && char.IsAsciiLetterOrDigit(name[0]) && !name.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>
    /// Creates the id of a new round. It begins with a hash of the profile's name. After a restart this finds the one profile that can hold the
    /// round's comparison, without opening all profiles.
    /// </summary>
    internal static Guid NewRoundId(string profile)
    {
        Span<byte> id = stackalloc byte[16];
        Guid.NewGuid().TryWriteBytes(id, bigEndian: true, out _);
        Tag(profile).CopyTo(id);
        return new Guid(id, bigEndian: true);
    }

    /// <summary>
    /// The ring's key for a comparison that a client brings under its own id. It begins like the ids of the profile's rounds, and continues with a
    /// hash. So a client's id can never be mistaken for the id of a round.
    /// </summary>
    internal static Guid ComparisonKey(string profile, Guid id)
    {
        Span<byte> key = stackalloc byte[16];
        id.TryWriteBytes(key, bigEndian: true, out _);
        XxHash128.Hash(key, key, Submitted);
        Tag(profile).CopyTo(key);
        return new Guid(key, bigEndian: true);
    }

    internal static bool MayBelongTo(Guid round, string profile)
    {
        Span<byte> id = stackalloc byte[16];
        round.TryWriteBytes(id, bigEndian: true, out _);
        return id[..4].SequenceEqual(Tag(profile));
    }

    private static byte[] Tag(string profile) => XxHash32.Hash(Encoding.UTF8.GetBytes(profile));
}
