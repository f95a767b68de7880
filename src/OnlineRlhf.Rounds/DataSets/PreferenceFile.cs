using System.Buffers;
using System.IO.Compression;
using System.IO.Hashing;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace OnlineRlhf.Rounds.DataSets;

/// <summary>A data set on the disk, plain or in gzip: its lines, one at a time, in constant memory.</summary>
/// <param name="Path">The file.</param>
/// <param name="Hash">Of what it holds, unpacked: a packed copy is the same data set.</param>
/// <param name="Lines">How many lines it has.</param>
public sealed record PreferenceFile(string Path, UInt128 Hash, long Lines)
{
    /// <summary>A line may hold its conversation twice: four times what a request may send.</summary>
    public const int LongestLine = 1 << 20;

    private const int Chunk = 1 << 16;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads the file once, to know it again.</summary>
    /// <exception cref="IOException">It cannot be read, or not unpacked to its end.</exception>
    public static async Task<PreferenceFile> OpenAsync(string path, CancellationToken cancellationToken)
    {
        if (Directory.Exists(path))
            throw new IOException($"{path} is a folder: name the file of preferences.");
        try
        {
            return await ReadOnceAsync(path, cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException)
        {
            throw new IOException($"{path} is damaged: it cannot be unpacked to its end.");
        }
    }

    private static async Task<PreferenceFile> ReadOnceAsync(string path, CancellationToken cancellationToken)
    {
        Stream stream = Unpack(path);
        await using (stream.ConfigureAwait(false))
        {
            var hash = new XxHash128();
            byte[] chunk = new byte[Chunk];
            long lines = 0, unpacked = 0;
            byte last = (byte)'\n';
            while (await stream.ReadAsync(chunk, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                hash.Append(chunk.AsSpan(0, read));
                unpacked += read;
                lines += chunk.AsSpan(0, read).Count((byte)'\n');
                last = chunk[read - 1];
            }
            if (stream is GZipStream && !await GzipEnd.IsThereAsync(path, unpacked, cancellationToken).ConfigureAwait(false))
                throw new InvalidDataException();
            return new PreferenceFile(path, hash.GetCurrentHashAsUInt128(), last == '\n' ? lines : lines + 1);
        }
    }

    /// <summary>Its lines with their numbers, from 1; without content where one is longer than <see cref="LongestLine"/>. A line's content is valid until the next is asked for.</summary>
    public async IAsyncEnumerable<(long Number, ReadOnlySequence<byte>? Content)> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        PipeReader reader = PipeReader.Create(Unpack(Path), new StreamPipeReaderOptions(bufferSize: Chunk));
        try
        {
            long number = 0;
            bool tooLong = false;
            while (true)
            {
                ReadResult read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                ReadOnlySequence<byte> rest = read.Buffer;
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    ReadOnlySequence<byte> line = Content(rest.Slice(0, end), number);
                    yield return (++number, tooLong || line.Length > LongestLine ? null : line);
                    tooLong = false;
                    rest = rest.Slice(rest.GetPosition(1, end));
                }
                tooLong |= rest.Length > LongestLine;
                if (read.IsCompleted)
                {
                    if (tooLong || !rest.IsEmpty)
                        yield return (++number, tooLong ? null : Content(rest, number - 1));
                    yield break;
                }
                // What is too long is dropped as it comes.
                reader.AdvanceTo(tooLong ? rest.End : rest.Start, rest.End);
            }
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>A line without the mark that some programs begin a file with.</summary>
    private static ReadOnlySequence<byte> Content(ReadOnlySequence<byte> line, long before)
    {
        Span<byte> start = stackalloc byte[ByteOrderMark.Length];
        if (before > 0 || line.Length < start.Length)
            return line;
        line.Slice(0, start.Length).CopyTo(start);
        return start.SequenceEqual(ByteOrderMark) ? line.Slice(start.Length) : line;
    }

    private static Stream Unpack(string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        try
        {
            if (!file.CanSeek)
                throw new IOException($"{path} is no regular file: it is read twice, so save it as one first.");
            Span<byte> magic = stackalloc byte[2];
            bool packed = file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic is [0x1F, 0x8B];
            file.Position = 0;
            return packed ? new GZipStream(file, CompressionMode.Decompress) : file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
