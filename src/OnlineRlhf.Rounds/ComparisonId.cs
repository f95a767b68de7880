using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace OnlineRlhf.Rounds;

/// <summary>Names the comparison of a line of a data set, the same from any machine, folder or user.</summary>
public static class ComparisonId
{
    /// <summary>The id. It never changes, as stored rings hold it.</summary>
    /// <param name="digest">The data set.</param>
    /// <param name="profile">Who learns it.</param>
    /// <param name="line">The line, from 1.</param>
    /// <param name="run">How often the data set had been learned to its end before.</param>
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
