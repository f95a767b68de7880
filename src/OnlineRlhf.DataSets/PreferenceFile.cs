using System.Buffers;
using System.IO.Compression;
using System.IO.Hashing;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using ZstdSharp;

namespace OnlineRlhf.DataSets;

/// <summary>
/// A data set on the disk, plain or packed with gzip or zstd. It reads lines, or the entries of a list, one at a time, in constant memory.
/// </summary>
/// <param name="Path">The path of the file.</param>
/// <param name="Hash">The hash of the unpacked content, so that a packed copy counts as the same data set.</param>
/// <param name="Lines">How many lines the file has, or how many entries if <see cref="CountsEntries"/> is set.</param>
public sealed record PreferenceFile(string Path, UInt128 Hash, long Lines)
{
    /// <summary>The longest line. A record of Open WebUI's feedback holds a whole chat twice, with the documents that were searched.</summary>
    public const int LongestLine = 8 << 20;

    private const int Chunk = 1 << 16;
    private static readonly Thumbs NoThumbs = new();

    /// <summary>Whether several entries of a list are on one line. Then entries are counted instead of lines.</summary>
    public bool CountsEntries { get; private init; }

    /// <summary>The number of an entry that is so broken that nothing after it can be read; null if there is none.</summary>
    public long? BrokenAt { get; private init; }

    /// <summary>Whether the file is a JSON list, or holds objects that span lines.</summary>
    private bool HasEntries { get; init; }

    /// <summary>The thumbs in the file; empty if it holds no feedback of Open WebUI.</summary>
    private Thumbs Thumbs { get; init; } = NoThumbs;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads the file once, to count its lines and to compute its hash; and once more if it holds Open WebUI's feedback.</summary>
    /// <exception cref="IOException">The file cannot be read, cannot be unpacked to its end, or is not JSON. The message says what it is.</exception>
    public static async Task<PreferenceFile> OpenAsync(string path, CancellationToken cancellationToken)
    {
        if (Directory.Exists(path))
            throw new IOException($"{path} is a folder: name the file of preferences.");
        try
        {
            PreferenceFile file = await ReadOnceAsync(path, cancellationToken).ConfigureAwait(false);
            return await WithThumbsAsync(file, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidDataException or ZstdException or EndOfStreamException)
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
            var encoding = new TextEncoding();
            byte[] chunk = new byte[Chunk];
            long lines = 0,
                unpacked = 0;
            byte last = (byte)'\n';
            EntrySplitter? entries = null;
            int read;
            while ((read = await stream.ReadAtLeastAsync(chunk, Chunk, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false)) > 0)
            {
                if (unpacked == 0)
                {
                    if (ForeignFile.Describe(path, chunk.AsSpan(0, read), stream is not FileStream) is { } foreign)
                        throw new IOException(foreign);
                    if (StartsEntries(chunk.AsSpan(0, read)))
                        entries = new EntrySplitter();
                }
                encoding.Add(chunk.AsSpan(0, read));
                hash.Append(chunk.AsSpan(0, read));
                unpacked += read;
                lines += chunk.AsSpan(0, read).Count((byte)'\n');
                last = chunk[read - 1];
                int at = 0;
                while (entries?.TryRead(chunk.AsSpan(0, read), ref at) == true)
                {
                    // The splitter counts the entries itself.
                }
            }
            if (stream is GZipStream && !await GzipEnd.IsThereAsync(path, unpacked, cancellationToken).ConfigureAwait(false))
                throw new InvalidDataException();
            if (ForeignFile.Describe(path, encoding, stream is not FileStream) is { } other)
                throw new IOException(other);
            bool isLost = entries?.IsLost ?? false;
            if (entries is { IsOpen: true })
                throw new IOException($"{path} was cut off: what it holds has no end. Fetch it again.");
            bool shareLines = entries?.ShareLines ?? false;
            return new PreferenceFile(
                path,
                hash.GetCurrentHashAsUInt128(),
                shareLines ? entries!.Count
                    : last == '\n' ? lines
                    : lines + 1
            )
            {
                HasEntries = entries is not null,
                CountsEntries = shareLines,
                BrokenAt = isLost
                    ? shareLines
                        ? entries!.Count
                        : entries!.EntryLine
                    : null,
            };
        }
    }

    /// <summary>Reads the pair in a line that <see cref="ReadAsync"/> returned.</summary>
    /// <exception cref="FormatException">The line is not a pair. The message says why, without quoting the line.</exception>
    public PreferencePair Pair(long number, ReadOnlySequence<byte> content) => PreferencePair.Parse(content, Thumbs, number);

    /// <summary>
    /// Reads lines with their numbers, from 1, or entries with the numbers of the lines that they begin on. The content is null if it is longer than
    /// <see cref="LongestLine"/>. It is valid until the next line is read.
    /// </summary>
    public IAsyncEnumerable<(long Number, ReadOnlySequence<byte>? Content)> ReadAsync(CancellationToken cancellationToken) =>
        HasEntries ? ReadEntriesAsync(cancellationToken) : ReadLinesAsync(cancellationToken);

    /// <summary>Collects the thumbs of Open WebUI's feedback. The first entry tells whether the file holds such.</summary>
    private static async Task<PreferenceFile> WithThumbsAsync(PreferenceFile file, CancellationToken cancellationToken)
    {
        var thumbs = new Thumbs();
        await foreach ((long number, ReadOnlySequence<byte>? content) in file.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (content is { } entry && !thumbs.Add(number, entry) && thumbs.Count == 0)
                break;
        }
        if (thumbs.HasSeveralPeople)
            throw new IOException(
                $"{file.Path} holds the thumbs of several people, and a profile is one person's taste: keep one person's with "
                    + "jq 'map(select(.user_id == \"ID\"))'"
            );
        return thumbs.Count == 0 ? file : file with { Thumbs = thumbs };
    }

    private async IAsyncEnumerable<(long Number, ReadOnlySequence<byte>? Content)> ReadLinesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
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
                    ReadOnlySequence<byte> line = Content(rest.Slice(0, end));
                    yield return (++number, tooLong || line.Length > LongestLine ? null : line);
                    tooLong = false;
                    rest = rest.Slice(rest.GetPosition(1, end));
                }
                tooLong |= rest.Length > LongestLine;
                if (read.IsCompleted)
                {
                    if (tooLong || !rest.IsEmpty)
                        yield return (++number, tooLong ? null : Content(rest));
                    yield break;
                }
                // Drop a line that is too long while it arrives.
                reader.AdvanceTo(tooLong ? rest.End : rest.Start, rest.End);
            }
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    private async IAsyncEnumerable<(long Number, ReadOnlySequence<byte>? Content)> ReadEntriesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        Stream stream = Unpack(Path);
        await using (stream.ConfigureAwait(false))
        {
            var entries = new EntrySplitter();
            byte[] chunk = new byte[Chunk];
            int read;
            do
            {
                read = await stream.ReadAsync(chunk, cancellationToken).ConfigureAwait(false);
                int at = 0;
                while (read > 0 ? entries.TryRead(chunk.AsSpan(0, read), ref at) : entries.TryFinish())
                {
                    long number = CountsEntries ? entries.Count : entries.EntryLine;
                    yield return (number, entries.Content is { } content ? new ReadOnlySequence<byte>(content) : null);
                }
            } while (read > 0);
        }
    }

    /// <summary>Whether a file with this beginning is a list of objects, or holds objects that span lines or share one.</summary>
    private static bool StartsEntries(ReadOnlySpan<byte> head)
    {
        ReadOnlySpan<byte> text = head.TrimStart(" \t\r\n\uFEFF"u8);
        if (text is [(byte)'[', ..])
            return text[1..].TrimStart(" \t\r\n"u8) is [] or [(byte)'{' or (byte)']', ..];
        if (text is not [(byte)'{', ..])
            return false;
        var entries = new EntrySplitter();
        int at = 0;
        if (!entries.TryRead(text, ref at))
            return head.Length == Chunk && entries.Line > entries.EntryLine;
        return !entries.IsBroken && (entries.Line > entries.EntryLine || text[at..].TrimStart(" \t\r"u8) is [(byte)'{', ..]);
    }

    /// <summary>A line without a byte order mark. Some programs begin a file with this mark, so joined files contain it anywhere.</summary>
    private static ReadOnlySequence<byte> Content(ReadOnlySequence<byte> line)
    {
        Span<byte> start = stackalloc byte[ByteOrderMark.Length];
        if (line.Length < start.Length)
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
            Span<byte> magic = stackalloc byte[4];
            magic = magic[..file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false)];
            file.Position = 0;
            return ForeignFile.IsGzip(magic) ? new GZipStream(file, CompressionMode.Decompress)
                : ForeignFile.IsZstandard(magic) ? new DecompressionStream(file, leaveOpen: false)
                : file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
