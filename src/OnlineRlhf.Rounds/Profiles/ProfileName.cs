using System.Buffers;
using System.IO.Hashing;
using System.Text;

namespace OnlineRlhf.Rounds.Profiles;

/// <summary>Names of profiles: each is a folder, so they are plain.</summary>
internal static class ProfileName
{
    internal const string Rule = "A profile's name has 1 to 64 letters, digits, dots, dashes or underscores, and begins with a letter or digit.";

    /// <summary>Seeds the hash of brought comparisons; never to be changed, as stored rings hold them.</summary>
    private const long Submitted = 1;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    internal static bool IsValid(string? name) =>
        name is { Length: >= 1 and <= 64 } && char.IsAsciiLetterOrDigit(name[0]) && !name.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>
    /// A new round's id. It begins with a hash of the profile's name, so that after a restart the one profile that can hold its comparison is found
    /// without opening all.
    /// </summary>
    internal static Guid NewRoundId(string profile)
    {
        Span<byte> id = stackalloc byte[16];
        Guid.NewGuid().TryWriteBytes(id, bigEndian: true, out _);
        Tag(profile).CopyTo(id);
        return new Guid(id, bigEndian: true);
    }

    /// <summary>
    /// What the ring calls a comparison that a client brought under an id of its own: begun as the profile's rounds are, and a hash behind it, so
    /// that no id of a client can be taken for that of a round.
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
