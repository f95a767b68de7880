using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;

namespace OnlineRlhf.DataSets;

/// <summary>Recognises files that are not JSON, and suggests the command that converts them.</summary>
internal static partial class ForeignFile
{
    private const int TarMagicAt = 257;

    /// <summary>Why a file cannot be read, and what to do; null if it may be JSON.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="head">The first bytes of the unpacked content.</param>
    /// <param name="isPacked">Whether the file is packed.</param>
    internal static string? Describe(string path, ReadOnlySpan<byte> head, bool isPacked) => Whole(Describe(path, head), isPacked);

    /// <summary>Why a file cannot be read, after all of it was seen; null if it can be read.</summary>
    internal static string? Describe(string path, TextEncoding encoding, bool isPacked) =>
        Whole(encoding.Describe(Quoted(path)) is { } what ? $"{path} is {what}" : null, isPacked);

    private static string? Whole(string? what, bool isPacked) =>
        what is not null && isPacked ? $"{what} (It is packed as well: unpack it first.)" : what;

    private static string? Describe(string path, ReadOnlySpan<byte> head)
    {
        string file = Quoted(path);
        string converted = Quoted(Path.ChangeExtension(Path.GetFileName(path), ".jsonl"));
        if (Known(head, file, converted) is { } known)
            return $"{path} is {known}";
        ReadOnlySpan<byte> text = head.TrimStart(" \t\r\n\uFEFF"u8);
        if (text.IsEmpty || LooksLikeJson(text))
            return null;
        if (head.ContainsAnyInRange((byte)0, (byte)8))
            return $"{path} is no text: save the data set as JSON, one object a line.";
        if (text.StartsWith("version https://git-lfs"u8))
            return $"{path} only names a file that Git LFS keeps elsewhere: fetch it with git lfs pull, in its repository.";
        if (text[0] == '<')
            return $"{path} is a web page or XML: download the data set itself.";
        string[] lines = Encoding.UTF8.GetString(text).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (lines is [])
            return null;
        bool hasJson = Array.Exists(lines, l => l is ['{' or '[', ..] && LooksLikeJson(Encoding.UTF8.GetBytes(l)));
        // A line of another kind may precede the objects. If it names columns of a data set, the file is a table, whatever follows.
        if (Delimiter(lines, hasJson) is { } delimiter)
        {
            string first = ColumnName().IsMatch(lines[0]) ? "" : " Its first line must name the columns: prompt,chosen,rejected";
            return $"{path} is a table (CSV or TSV): convert it with {Table(delimiter, file, converted)}{first}";
        }
        // If some line looks like JSON, the reader skips the other lines one by one.
        return hasJson ? null : $"{path} is text and no JSON: each line must be an object with a prompt and two answers.";
    }

    /// <summary>Whether a text may begin with JSON. A word inside of the first bracket means that it does not.</summary>
    private static bool LooksLikeJson(ReadOnlySpan<byte> text) =>
        text is [(byte)'{' or (byte)'[', ..] && !(text[1..].TrimStart(" \t\r\n"u8) is [var next, ..] && char.IsAsciiLetter((char)next));

    /// <summary>The character between the columns of a table; null if the text is not a table.</summary>
    private static char? Delimiter(string[] lines, bool hasJson)
    {
        foreach (char delimiter in "\t;|,")
        {
            int columns = Columns(lines[0], delimiter);
            bool isHeader = columns > 1 && TableHeader().IsMatch(lines[0]) && (!hasJson || ColumnName().IsMatch(lines[0]));
            // Two lines of a plain text rarely have the same number of columns by chance, if there are three or more.
            if (isHeader || (!hasJson && columns > 2 && lines.Length > 1 && columns == Columns(lines[1], delimiter)))
                return delimiter;
        }
        return null;
    }

    /// <summary>How many columns a line has. Delimiters inside of quotes do not count.</summary>
    private static int Columns(string line, char delimiter)
    {
        int columns = 1;
        bool isQuoted = false;
        foreach (char c in line)
        {
            isQuoted ^= c == '"';
            columns += c == delimiter && !isQuoted ? 1 : 0;
        }
        return columns;
    }

    /// <summary>Whether a file is packed with zstd.</summary>
    internal static bool IsZstandard(ReadOnlySpan<byte> head) => head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]);

    /// <summary>Whether a file is packed with gzip.</summary>
    internal static bool IsGzip(ReadOnlySpan<byte> head) => head.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]);

    private static string? Known(ReadOnlySpan<byte> head, string file, string converted) =>
        head switch
        {
            _ when head.StartsWith("PAR1"u8) => $"a Parquet file: convert it with {Pandas("read_parquet", file, converted)}",
            _ when head.StartsWith("ARROW1"u8) || head.StartsWith("FEA1"u8) =>
                $"an Arrow (Feather) file: convert it with {Pandas("read_feather", file, converted)}",
            _ when head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFF, 0xFF, 0xFF]) => "an Arrow stream: convert it with python3 -c "
                + $"'import datasets, sys; datasets.Dataset.from_file(sys.argv[1]).to_json(sys.argv[2])' {file} {converted}",
            _ when head.StartsWith("PK\x03\x04"u8) && head.IndexOf("[Content_Types].xml"u8) >= 0 => "an Office document: save its table as CSV.",
            _ when head.StartsWith("PK\x03\x04"u8) || head.StartsWith("PK\x05\x06"u8) =>
                $"a zip archive: unpack it with unzip {file}, and name the file that it holds.",
            _ when head.Length > TarMagicAt && head[TarMagicAt..].StartsWith("ustar"u8) =>
                $"a tar archive: unpack it with tar -xf {file}, and name the file that it holds.",
            _ when head.StartsWith((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]) =>
                $"packed with xz: unpack it with xz -dk {file}",
            _ when head.StartsWith("BZh"u8) => $"packed with bzip2: unpack it with bzip2 -dk {file}",
            _ when head.StartsWith((ReadOnlySpan<byte>)[0x04, 0x22, 0x4D, 0x18]) => $"packed with lz4: unpack it with lz4 -dk {file}",
            _ when head.StartsWith((ReadOnlySpan<byte>)[(byte)'7', (byte)'z', 0xBC, 0xAF, 0x27, 0x1C]) =>
                $"a 7z archive: unpack it with 7z x {file}, and name the file that it holds.",
            // The content of a packed file is packed again.
            _ when IsGzip(head) => $"packed twice: unpack it once with gzip -dk {file}",
            _ when IsZstandard(head) => $"packed twice: unpack it once with zstd -d {file}",
            _ when head.StartsWith("SQLite format 3\0"u8) => $"an SQLite database: write a table of it with python3 -c 'import pandas, sqlite3, sys; "
                + "pandas.read_sql(\"select * from \" + sys.argv[2], sqlite3.connect(sys.argv[1]))"
                + $".to_json(sys.argv[3], orient=\"records\", lines=True)' {file} TABLE {converted}",
            _ when head.StartsWith("%PDF"u8) => "a PDF document, and no data set.",
            _ when Encoding16Or32(head) is { } encoding =>
                $"in {encoding}: convert it with iconv -f {encoding} -t UTF-8 {file} > {Quoted("utf8.jsonl")}",
            _ => null,
        };

    /// <summary>Recognises the encoding by its byte order mark, or by the zero bytes in the characters of JSON's syntax.</summary>
    private static string? Encoding16Or32(ReadOnlySpan<byte> head)
    {
        if (head.Length < 4)
            return null;
        uint four = BinaryPrimitives.ReadUInt32BigEndian(head);
        return four switch
        {
            0xFFFE0000 or 0x0000FEFF => "UTF-32",
            _ when four >> 16 is 0xFFFE or 0xFEFF => "UTF-16",
            _ when (four & 0x00FFFFFF) == 0 && four != 0 => "UTF-32LE",
            _ when (four & 0xFFFFFF00) == 0 && four != 0 => "UTF-32BE",
            _ when (four & 0x00FF00FF) == 0 && four != 0 => "UTF-16LE",
            _ when (four & 0xFF00FF00) == 0 && four != 0 => "UTF-16BE",
            _ => null,
        };
    }

    private static string Pandas(string read, string file, string converted) =>
        $"python3 -c 'import pandas, sys; pandas.{read}(sys.argv[1]).to_json(sys.argv[2], orient=\"records\", lines=True)' {file} {converted}";

    private static string Table(char between, string file, string converted)
    {
        string delimiter = between == ',' ? "" : $", delimiter=\"{(between == '\t' ? "\\t" : between)}\"";
        return "python3 -c 'import csv, json, sys; csv.field_size_limit(1 << 30); "
            + "[print(json.dumps(row)) for row in csv.DictReader(open(sys.argv[1], encoding=\"utf-8-sig\", newline=\"\")"
            + $"{delimiter})]' {file} > {converted}";
    }

    /// <summary>The path, quoted so that a shell reads it as one word.</summary>
    private static string Quoted(string path) => Plain().IsMatch(path) ? path : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"^[\w./+,:@%-]+$")]
    private static partial Regex Plain();

    /// <summary>Names of at least two columns.</summary>
    [GeneratedRegex("""^"?[\w .()[\]-]{0,60}"?([,;|\t]"?[\w .()[\]-]{0,60}"?)+$""")]
    private static partial Regex TableHeader();

    /// <summary>A column name that is typical of a data set of preferences.</summary>
    [GeneratedRegex(@"\b(prompt|chosen|rejected|question|instruction|winner)", RegexOptions.IgnoreCase)]
    private static partial Regex ColumnName();
}
