using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace OnlineRlhf.Rounds.Feedback;

/// <summary>
/// Computes the id of a comparison from a line of a data set. The id is the same on every machine, in every folder and for every user.
/// </summary>
public static class ComparisonId
{
    /// <summary>Computes the id. The formula must never change, because stored rings hold these ids.</summary>
    /// <param name="digest">The digest of the data set.</param>
    /// <param name="profile">The profile that learns the comparison.</param>
    /// <param name="line">The line of the data set, counted from 1.</param>
    /// <param name="run">How often the profile had learned the whole data set before.</param>
    public static Guid Of(UInt128 digest, string profile, long line, int run)
    {
        byte[] name = new byte[16 + sizeof(long) + sizeof(int) + Encoding.UTF8.GetByteCount(profile)];
        BinaryPrimitives.WriteUInt128BigEndian(name, digest);
        BinaryPrimitives.WriteInt64BigEndian(name.AsSpan(16), line);
        BinaryPrimitives.WriteInt32BigEndian(name.AsSpan(24), run);
        _ = Encoding.UTF8.GetBytes(profile, name.AsSpan(28));
        return new Guid(XxHash128.Hash(name), bigEndian: true);
    }
}
