using System.Buffers;
using System.IO.Compression;
using System.Text;
using OnlineRlhf.Rounds.DataSets;

namespace OnlineRlhf.Rounds.Tests.DataSets;

public sealed class PreferenceFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("", 0)]
    [InlineData("a", 1)]
    [InlineData("a\n", 1)]
    [InlineData("a\n\nb", 3)]
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
        await File.WriteAllTextAsync(_path, $"a\n{most}\n{most}b\nc\n{new string('d', 5 * PreferenceFile.LongestLine)}\ne\n{most}f", Cancel);
        PreferenceFile file = await PreferenceFile.OpenAsync(_path, Cancel);

        Assert.Equal(7, file.Lines);
        Assert.Equal(["a", most, null, "c", null, "e", null], await LinesAsync(file));
    }

    [Fact]
    public async Task A_packed_file_is_the_same_data()
    {
        string text = string.Concat(Enumerable.Range(0, 50_000).Select(n => $"line {n}\n"));
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
        byte[] packed = Pack(string.Concat(Enumerable.Range(0, 200).Select(n => $"line {n}\n")));
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
        byte[] packed = [.. Pack("a\nb\n"), .. Pack("c\n")];
        await File.WriteAllBytesAsync(_path, packed, Cancel);
        Assert.Equal(["a", "b", "c"], await LinesAsync(await PreferenceFile.OpenAsync(_path, Cancel)));
        await File.WriteAllBytesAsync(_path, packed[..^3], Cancel);
        await Assert.ThrowsAsync<IOException>(() => PreferenceFile.OpenAsync(_path, Cancel));
    }

    [Fact]
    public async Task The_mark_that_some_programs_begin_a_file_with_is_no_part_of_its_first_line()
    {
        await File.WriteAllTextAsync(_path, "a\nb", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true), Cancel);
        Assert.Equal(["a", "b"], await LinesAsync(await PreferenceFile.OpenAsync(_path, Cancel)));
    }

    private static byte[] Pack(string text)
    {
        using var bytes = new MemoryStream();
        using (var packed = new GZipStream(bytes, CompressionLevel.Fastest))
            packed.Write(Encoding.UTF8.GetBytes(text));
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
