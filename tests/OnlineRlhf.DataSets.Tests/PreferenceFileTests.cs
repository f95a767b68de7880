using System.Buffers;
using System.IO.Compression;
using System.Text;
using OnlineRlhf.DataSets;

namespace OnlineRlhf.DataSets.Tests;

public sealed class PreferenceFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("", 0)]
    [InlineData("{}", 1)]
    [InlineData("{}\n", 1)]
    [InlineData("{}\n\nb", 3)]
    [InlineData("{\"prompt\": \"a\n{}\n{}", 3)]
    [InlineData("{\"prompt\": [\"a\",\n{}\n{}", 3)]
    [InlineData("\n", 1)]
    public async Task Lines_are_counted_as_they_are_read(string text, int lines)
    {
        await File.WriteAllTextAsync(_path, text, Cancel);
        PreferenceFile file = await PreferenceFile.OpenAsync(_path, Cancel);

        Assert.Equal(lines, file.Lines);
        Assert.Equal(text.Split('\n')[..lines], await LinesAsync(file));
    }

    [Fact]
    public async Task Long_lines_are_dropped_and_those_around_them_are_whole()
    {
        string most = new('b', PreferenceFile.LongestLine);
        await File.WriteAllTextAsync(_path, $"{{}}\n{most}\n{most}b\nc\n{new string('d', 5 * PreferenceFile.LongestLine)}\ne\n{most}f", Cancel);
        PreferenceFile file = await PreferenceFile.OpenAsync(_path, Cancel);

        Assert.Equal(7, file.Lines);
        Assert.Equal(["{}", most, null, "c", null, "e", null], await LinesAsync(file));
    }

    [Fact]
    public async Task A_packed_file_is_the_same_data()
    {
        string text = string.Concat(Enumerable.Range(0, 50_000).Select(n => $"{{\"line\": {n}}}\n"));
        await File.WriteAllTextAsync(_path, text, Cancel);
        PreferenceFile plain = await PreferenceFile.OpenAsync(_path, Cancel);
        await using (var packed = new GZipStream(File.Create(_path), CompressionLevel.Fastest))
            await packed.WriteAsync(Encoding.UTF8.GetBytes(text), Cancel);

        Assert.Equal(plain, await PreferenceFile.OpenAsync(_path, Cancel));
        Assert.Equal(text.Split('\n')[..^1], await LinesAsync(plain));
    }

    [Fact]
    public async Task A_packed_file_that_was_cut_off_anywhere_is_refused()
    {
        byte[] packed = Pack(string.Concat(Enumerable.Range(0, 200).Select(n => $"{{\"line\": {n}}}\n")));
        foreach (int length in (int[])[3, 12, packed.Length / 2, packed.Length - 9, packed.Length - 8, packed.Length - 4, packed.Length - 1])
        {
            await File.WriteAllBytesAsync(_path, packed[..length], Cancel);
            IOException refused = await Assert.ThrowsAsync<IOException>(() => PreferenceFile.OpenAsync(_path, Cancel));
            Assert.Contains("is damaged", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_packed_file_of_several_members_is_read_to_its_end_and_refused_where_it_is_cut_off()
    {
        byte[] packed = [.. Pack("{}\nb\n"), .. Pack("c\n")];
        await File.WriteAllBytesAsync(_path, packed, Cancel);
        Assert.Equal(["{}", "b", "c"], await LinesAsync(await PreferenceFile.OpenAsync(_path, Cancel)));
        await File.WriteAllBytesAsync(_path, packed[..^3], Cancel);
        await Assert.ThrowsAsync<IOException>(() => PreferenceFile.OpenAsync(_path, Cancel));
    }

    [Fact]
    public async Task A_file_in_zstd_is_the_same_data_and_refused_where_it_is_cut_off()
    {
        string text = string.Concat(Enumerable.Range(0, 5_000).Select(n => $"{{\"line\": {n}}}\n"));
        await File.WriteAllTextAsync(_path, text, Cancel);
        PreferenceFile plain = await PreferenceFile.OpenAsync(_path, Cancel);
        using var bytes = new MemoryStream();
        await using (var packed = new ZstdSharp.CompressionStream(bytes, leaveOpen: true))
            await packed.WriteAsync(Encoding.UTF8.GetBytes(text), Cancel);
        await File.WriteAllBytesAsync(_path, bytes.ToArray(), Cancel);

        Assert.Equal(plain, await PreferenceFile.OpenAsync(_path, Cancel));
        Assert.Equal(text.Split('\n')[..^1], await LinesAsync(plain));
        foreach (int length in (int[])[5, (int)bytes.Length / 2, (int)bytes.Length - 1])
        {
            await File.WriteAllBytesAsync(_path, bytes.ToArray()[..length], Cancel);
            IOException refused = await Assert.ThrowsAsync<IOException>(() => PreferenceFile.OpenAsync(_path, Cancel));
            Assert.Contains("is damaged", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_mark_that_some_programs_begin_a_file_or_each_line_with_is_no_part_of_it()
    {
        await File.WriteAllTextAsync(_path, "\uFEFF{}\n\uFEFFb\r\n\uFEFF{}", Cancel);
        Assert.Equal(["{}", "b\r", "{}"], await LinesAsync(await PreferenceFile.OpenAsync(_path, Cancel)));
    }

    [Theory]
    [InlineData("[\n{1},\n{2}\n]\n", "2:{1} 3:{2}")]
    [InlineData("[{1},\n {2},\n\n {3}]", "1:{1} 2:{2} 4:{3}")]
    [InlineData("\uFEFF\r\n[ {1},{2}\n,{3}\n]", "1:{1} 2:{2} 3:{3}")]
    [InlineData("[{1},{2}]", "1:{1} 2:{2}")]
    [InlineData("[]", "")]
    [InlineData("{\n \"a\": [\n{},\n{}\n]\n}\n\n{\n}\n", "1:{ \"a\": [{},{}]} 8:{}")]
    [InlineData("{1}{2}\r{3}", "1:{1} 2:{2} 3:{3}")]
    [InlineData("[{\"a\": \"]},{\\\"\"},[2],3,\n{\"b\": [\"{\"]}]", "1:{\"a\": \"]},{\\\"\"} 2:[2] 3:3 4:{\"b\": [\"{\"]}")]
    [InlineData("[\n{\"a\": \"cut\n},\n{2},\n{\"b\": [1,\n{\"c\": 3}},\n{4}\n]", "2:{\"a\": \"cut 4:{2} 5:{\"b\": [1,{\"c\": 3} 7:{4}")]
    [InlineData("[\n{\"a\": 1,\n{2},\nrubbish\n]", "2:{\"a\": 1, 3:{2} 4:rubbish")]
    public async Task A_list_and_objects_that_span_lines_are_read_entry_by_entry(string text, string expected)
    {
        await File.WriteAllTextAsync(_path, text, Cancel);
        PreferenceFile file = await PreferenceFile.OpenAsync(_path, Cancel);
        List<string> entries = [];
        await foreach ((long number, ReadOnlySequence<byte>? content) in file.ReadAsync(Cancel))
            entries.Add($"{number}:{Encoding.UTF8.GetString(content!.Value).Replace("\n", "", StringComparison.Ordinal)}");

        Assert.Equal(expected, string.Join(' ', entries));
        Assert.Null(file.BrokenAt);
    }

    [Fact]
    public async Task A_list_on_one_line_may_be_larger_than_any_buffer_and_its_entries_are_counted()
    {
        string most = $"\"{new string('b', PreferenceFile.LongestLine - 2)}\"";
        await File.WriteAllTextAsync(_path, $"[{{}},{string.Join(',', Enumerable.Repeat("{\"a\": [1, 2]}", 50_000))},[{most}],{{}}]", Cancel);
        PreferenceFile file = await PreferenceFile.OpenAsync(_path, Cancel);
        long count = 0,
            tooLong = 0;
        await foreach ((long number, ReadOnlySequence<byte>? content) in file.ReadAsync(Cancel))
        {
            Assert.Equal(++count, number);
            tooLong += content is null ? 1 : 0;
        }

        Assert.Equal((50_003, 50_003, 1, true), (file.Lines, count, tooLong, file.CountsEntries));
    }

    [Theory]
    [InlineData("[{},{},")]
    [InlineData("[\n{},\n{\"prompt\": \"How")]
    [InlineData("[\n{},\n{\"prompt\": [")]
    [InlineData("[{}, nul")]
    [InlineData("{\n\"prompt\": \"How?\"\n}\n{\n\"prompt\":")]
    public async Task What_was_cut_off_within_a_list_or_an_object_of_several_lines_is_refused(string text)
    {
        await File.WriteAllTextAsync(_path, text, Cancel);
        IOException refused = await Assert.ThrowsAsync<IOException>(() => PreferenceFile.OpenAsync(_path, Cancel));
        Assert.Contains("was cut off", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"prompt\": \"Na\u00EFve \u2013 caf\u00E9?\"}\n")]
    [InlineData("{\"prompt\": \"\u0424\u043B\u0438\u043D\u0442\"}\n")]
    public async Task A_file_in_utf8_is_read_also_where_a_line_of_it_is_damaged(string line)
    {
        await File.WriteAllBytesAsync(_path, [.. Encoding.UTF8.GetBytes(line), .. "{\"a\": \"\xE9 \xE9\"}\n"u8, (byte)'"', 0xE9, (byte)'"'], Cancel);
        Assert.Equal(3, (await PreferenceFile.OpenAsync(_path, Cancel)).Lines);
        await File.WriteAllBytesAsync(_path, [.. "{\"prompt\": \""u8, 0xE2, 0x80, .. "\"}\n"u8], Cancel);
        Assert.Equal(1, (await PreferenceFile.OpenAsync(_path, Cancel)).Lines);
    }

    [Fact]
    public async Task A_list_that_is_broken_says_where()
    {
        await File.WriteAllTextAsync(_path, "[{},{},{\"a\"]},{},{}]", Cancel);
        PreferenceFile broken = await PreferenceFile.OpenAsync(_path, Cancel);
        Assert.Equal((3, 3), (broken.BrokenAt, broken.Lines));
    }

    public static TheoryData<string, byte[]> Foreign =>
        new()
        {
            { "Parquet", [.. "PAR1"u8, 0x15, 0, 1, 2] },
            { "Arrow (Feather)", [.. "ARROW1\0\0"u8, 0xFF, 0xFF] },
            { "Arrow stream", [0xFF, 0xFF, 0xFF, 0xFF, 0x78, 0, 0, 0] },
            { "Office document", [.. "PK\x03\x04"u8, 20, 0, .. "[Content_Types].xml"u8] },
            { "unzip", [.. "PK\x03\x04"u8, 20, 0] },
            { "tar -xf", [.. "data.jsonl"u8, .. new byte[247], .. "ustar\00000"u8] },
            { "tar -xf", Pack("data.jsonl" + new string('\0', 247) + "ustar\00000") },
            { "xz -dk", [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, 0, 4] },
            { "bzip2 -dk", [.. "BZh91AY&SY"u8] },
            { "lz4 -dk", [0x04, 0x22, 0x4D, 0x18, 0x64] },
            { "7z x", [(byte)'7', (byte)'z', 0xBC, 0xAF, 0x27, 0x1C] },
            { "packed twice", Pack(Pack("{}")) },
            { "SQLite", [.. "SQLite format 3\0"u8, 16, 0] },
            { "PDF", [.. "%PDF-1.7\n"u8] },
            { "iconv -f UTF-16 ", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("{}\n")] },
            { "iconv -f UTF-16 ", [.. Encoding.BigEndianUnicode.Preamble, .. Encoding.BigEndianUnicode.GetBytes("{}\n")] },
            { "iconv -f UTF-16LE", Encoding.Unicode.GetBytes("{}\n") },
            { "iconv -f UTF-16BE", Encoding.BigEndianUnicode.GetBytes("{}\n") },
            { "iconv -f UTF-32 ", [.. Encoding.UTF32.Preamble, .. Encoding.UTF32.GetBytes("{}\n")] },
            { "iconv -f UTF-32LE", Encoding.UTF32.GetBytes("{}\n") },
            { "table (CSV or TSV)", [.. "prompt,chosen,rejected\n\"a\",\"b\",\"c\"\n"u8] },
            { "delimiter=\"\\t\"", [.. "prompt\tchosen\trejected\na\tb\tc\n"u8] },
            { "table (CSV or TSV)", [.. "prompt,chosen,rejected\n{a},b,c\n"u8] },
            { "table (CSV or TSV)", [.. "prompt,chosen,rejected\n{\"a\": 1},b,c\n"u8] },
            { "table (CSV or TSV)", [.. "[prompt],[chosen],[rejected]\na,b,c\n"u8] },
            { "[print(json.dumps(row))", [.. "\"Which: prompt?\",\"chosen, better\",\"rejected!\"\n\"a\",\"b\",\"c\"\n"u8] },
            { "first line must name the columns", [.. "How?,So.,Thus.\nWhy?,\"So, so.\",Thus.\n"u8] },
            { "delimiter=\"|\"", [.. "prompt|chosen|rejected\na|b|c\n"u8] },
            { "iconv -f ISO-8859-1 -t UTF-8", Encoding.Latin1.GetBytes("{\"prompt\": \"D\u00E9j\u00E0 vu?\"}\n") },
            { "iconv -f WINDOWS-1252 -t UTF-8", [.. "{\"prompt\": \"Why"u8, 0x92, .. "s that?\"}\n"u8] },
            { "unpack it first", Pack(Encoding.Latin1.GetBytes($"{new string(' ', 70_000)}{{\"prompt\": \"D\u00E9j\u00E0 vu?\"}}\n")) },
            { "iconv -f ENCODING", [.. "{\"prompt\": \""u8, .. Enumerable.Range(0, 60).Select(n => (byte)(0xC0 + (n % 48))), .. "\"}\n"u8] },
            { "web page", [.. "<!DOCTYPE html>\n<html>"u8] },
            { "git lfs pull", [.. "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"u8] },
            { "no text", [1, 2, 3, 4, 5, 6, 7, 8] },
            { "text and no JSON", [.. "prompt: How?\nchosen: So.\n"u8] },
        };

    [Theory]
    [MemberData(nameof(Foreign))]
    public async Task A_file_that_is_something_else_is_named_for_what_it_is(string says, byte[] content)
    {
        await File.WriteAllBytesAsync(_path, content, Cancel);
        IOException refused = await Assert.ThrowsAsync<IOException>(() => PreferenceFile.OpenAsync(_path, Cancel));

        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.Contains(_path, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    private static byte[] Pack(string text) => Pack(Encoding.UTF8.GetBytes(text));

    private static byte[] Pack(byte[] text)
    {
        using var bytes = new MemoryStream();
        using (var packed = new GZipStream(bytes, CompressionLevel.Fastest))
            packed.Write(text);
        return bytes.ToArray();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<List<string?>> LinesAsync(PreferenceFile file)
    {
        List<string?> lines = [];
        await foreach ((long number, ReadOnlySequence<byte>? content) in file.ReadAsync(Cancel))
        {
            lines.Add(content is { } bytes ? Encoding.UTF8.GetString(bytes) : null);
            Assert.Equal(lines.Count, number);
        }
        return lines;
    }
}
