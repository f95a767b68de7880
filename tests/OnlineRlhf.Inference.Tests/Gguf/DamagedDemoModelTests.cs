using System.Diagnostics;
using CsCheck;
using OnlineRlhf.Inference.Gguf;

namespace OnlineRlhf.Inference.Tests.Gguf;

/// <summary>The demo model, cut and corrupted anywhere: it opens or is refused, quickly, in little memory, and never otherwise.</summary>
public sealed class DamagedDemoModelTests : GgufFixture
{
    private static readonly byte[] Model = File.ReadAllBytes(DemoModelFile.Path);

    [Fact]
    public void Cut_short_anywhere_it_is_refused_with_both_numbers()
    {
        int dataOffset = (int)GgufFile.Open(DemoModelFile.Path).DataOffset;
        string path = Save(Model);
        IEnumerable<int> cuts =
        [
            .. Enumerable.Range(1, 200),
            .. Enumerable.Range(1, 60).Select(i => i * dataOffset / 61),
            dataOffset,
            dataOffset + 1,
            (dataOffset + Model.Length) / 2,
            Model.Length - 1,
        ];
        foreach (int length in cuts.OrderDescending())
        {
            using (FileStream file = File.OpenWrite(path))
                file.SetLength(length);
            ModelFileException refusal = Refused(length < 4 ? ModelFileError.NotAGguf : ModelFileError.Damaged, path);
            if (length >= 4)
                Assert.Contains($"{length:N0} found", refusal.Message, StringComparison.Ordinal);
            if (length >= dataOffset)
                Assert.Contains($"{Model.Length:N0} bytes expected", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void With_any_byte_of_its_header_changed_it_opens_or_is_refused() =>
        Gen.Select(Gen.Int[0, 64 * 1024 - 1], Gen.Byte).Sample((at, value) => Survives([(at, value)]), iter: 1500, threads: 1);

    [Fact]
    public void With_any_byte_before_the_tokens_changed_it_opens_or_is_refused() =>
        Gen.Select(Gen.Int[0, 1500], Gen.Byte).Sample((at, value) => Survives([(at, value)]), iter: 1500, threads: 1);

    [Fact]
    public void With_many_bytes_changed_it_opens_or_is_refused() =>
        Gen.Select(Gen.Int[0, 64 * 1024 - 1], Gen.Byte).Array[2, 200].Sample(Survives, iter: 500, threads: 1);

    private void Survives((int At, byte Value)[] changes)
    {
        string path = At("model.gguf");
        if (!File.Exists(path))
            _ = Save(Model);
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        foreach ((int at, byte value) in changes)
            Put(file, at, value);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch clock = Stopwatch.StartNew();
        try
        {
            _ = GgufFile.Open(path);
        }
        catch (ModelFileException) { }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50_000_000);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"It took {clock.Elapsed}.");

        foreach ((int at, _) in changes)
            Put(file, at, Model[at]);
    }

    private static void Put(FileStream file, int at, byte value)
    {
        file.Position = at;
        file.WriteByte(value);
    }
}
