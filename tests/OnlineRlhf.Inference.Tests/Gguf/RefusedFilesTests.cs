using System.Diagnostics;
using System.Runtime.Versioning;
using OnlineRlhf.Inference.Gguf;

namespace OnlineRlhf.Inference.Tests.Gguf;

/// <summary>Files that are no usable model: each is refused with a reason and in words.</summary>
public sealed class RefusedFilesTests : GgufFixture
{
    [Fact]
    public void A_missing_file_a_missing_folder_and_a_name_too_long()
    {
        Assert.Contains("no such file", Refused(ModelFileError.NotFound, At("none.gguf")).Message, StringComparison.Ordinal);
        _ = Refused(ModelFileError.NotFound, At("none/none.gguf"));
        _ = File.CreateSymbolicLink(At("dangling"), At("nowhere"));
        _ = Refused(ModelFileError.NotFound, At("dangling"));
        _ = Refused(ModelFileError.Unreadable, At(new string('x', 300)));
    }

    [Fact]
    public void A_link_to_itself()
    {
        _ = File.CreateSymbolicLink(At("loop"), At("loop"));
        ModelFileException refusal = Assert.Throws<ModelFileException>(() => GgufFile.Open(At("loop")));
        Assert.True(refusal.Reason is ModelFileError.Unreadable or ModelFileError.NotFound);
    }

    [Fact]
    public void A_directory() =>
        Assert.Contains("directory", Refused(ModelFileError.NotAGguf, AppContext.BaseDirectory).Message, StringComparison.Ordinal);

    [Fact]
    public void An_empty_file_and_a_device()
    {
        Assert.Contains("empty", Refused(ModelFileError.NotAGguf, Save([])).Message, StringComparison.Ordinal);
        _ = Refused(ModelFileError.NotAGguf, "/dev/null");
        _ = Refused(ModelFileError.NotAGguf, "/dev/zero");
    }

    [Fact]
    public async Task A_pipe_without_a_writer_does_not_block()
    {
        using Process make = Process.Start("mkfifo", [At("pipe")]);
        await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        await Task.Run(() => _ = Refused(ModelFileError.NotAGguf, At("pipe")), TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void A_file_that_may_not_be_read()
    {
        string path = Save(GgufBuilder.Smallest().Build());
        File.SetUnixFileMode(path, UnixFileMode.None);
        Assert.SkipWhen(CanRead(path), "This user may read every file.");
        Assert.Contains("permission denied", Refused(ModelFileError.Unreadable, path).Message, StringComparison.Ordinal);

        static bool CanRead(string path)
        {
            try
            {
                using FileStream _ = File.OpenRead(path);
                return true;
            }
            catch (UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    [Theory]
    [InlineData("once upon a time there was a model", "not a GGUF file")]
    [InlineData("x", "not a GGUF file")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS pointer")]
    [InlineData("<!DOCTYPE html><html></html>", "web page")]
    [InlineData("\n<html lang=en>", "web page")]
    [InlineData("tjgg....", "before GGUF")]
    [InlineData("PK\u0003\u0004....", "ZIP")]
    [InlineData("\u0010\0\0\0\0\0\0\0{\"a\":1}", "safetensors")]
    public void Something_else(string text, string words) =>
        Assert.Contains(words, Refused(ModelFileError.NotAGguf, Save(System.Text.Encoding.UTF8.GetBytes(text))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_picture() =>
        _ = Refused(ModelFileError.NotAGguf, Save([0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x10, (byte)'J', (byte)'F', (byte)'I', (byte)'F', 0x00, 0x01]));

    [Fact]
    public void Only_the_magic() =>
        Assert.Contains("cut short", Refused(ModelFileError.Damaged, Save("GGUF"u8.ToArray())).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(1UL << 40)]
    [InlineData(60_000UL)]
    public void Absurd_counts(ulong count)
    {
        GgufBuilder tensors = GgufBuilder.Smallest(),
            pairs = GgufBuilder.Smallest();
        tensors.TensorCount = count;
        pairs.PairCount = count;
        _ = Refused(ModelFileError.Damaged, tensors);
        _ = Refused(ModelFileError.Damaged, pairs);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(4u)]
    [InlineData(8u)]
    [InlineData(12u)]
    public void An_array_that_claims_more_than_the_file_holds(uint type)
    {
        foreach (ulong count in (ulong[])[100_000, 1 << 30, 1UL << 61, ulong.MaxValue])
            _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().ArrayHead("x.y", type, count));
    }

    [Fact]
    public void Values_of_impossible_types()
    {
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().With("x.y", 13, writer => writer.Write(0L)));
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().ArrayHead("x.y", 77, 0));
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Number("general.architecture", 1));
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().ArrayHead("tokenizer.ggml.tokens", 4, 0));
        Assert.Contains(
            "array of arrays",
            Refused(
                ModelFileError.Unsupported,
                GgufBuilder
                    .Smallest()
                    .ArrayHead(
                        "x.y",
                        9,
                        1,
                        writer =>
                        {
                            writer.Write(4u);
                            writer.Write(0UL);
                        }
                    )
            ).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Keys_that_are_missing_impossible_or_doubled()
    {
        foreach (string key in (string[])["general.architecture", "llama.context_length", "llama.embedding_length", "llama.block_count"])
            Assert.Contains(key, Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Without(key)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "impossible",
            Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Number("llama.embedding_length", 0)).Message,
            StringComparison.Ordinal
        );
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().With("llama.embedding_length", 5, writer => writer.Write(-5)));
        Assert.Contains(
            "twice",
            Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Again("llama.block_count", 4, writer => writer.Write(1u))).Message,
            StringComparison.Ordinal
        );
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Number("", 1));
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Number("general.alignment", 24));
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Number("general.alignment", 0));
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Text("general.alignment", "32"));
    }

    [Theory]
    [InlineData("block_count", 513)]
    [InlineData("nextn_predict_layers", 2)]
    [InlineData("expert_count", 1025)]
    [InlineData("expert_used_count", 1)]
    [InlineData("expert_group_count", 1)]
    public void Numbers_at_which_llama_cpp_would_end_the_process(string key, uint value) =>
        Assert.Contains(key, Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Number($"llama.{key}", value)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("llama.attention.layer_norm_rms_epsilon", float.NaN)]
    [InlineData("llama.attention.layer_norm_rms_epsilon", -1)]
    [InlineData("llama.rope.freq_base", float.NaN)]
    public void Fractions_that_nothing_can_be_computed_with(string key, float value) =>
        Assert.Contains(
            key,
            Refused(ModelFileError.Damaged, GgufBuilder.Smallest().With(key, 6, writer => writer.Write(value))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Experts_that_fit_their_groups_open_and_others_do_not()
    {
        _ = Open(Experts(8, 4, 2));
        _ = Refused(ModelFileError.Damaged, Experts(8, 3, 2));
        _ = Refused(ModelFileError.Damaged, Experts(8, 4, 4));
        _ = Refused(ModelFileError.Damaged, Experts(8, 4, 0));
        _ = Refused(ModelFileError.Damaged, Experts(8, 4, 2).Number("llama.expert_used_count", 0));

        static GgufBuilder Experts(uint all, uint groups, uint used) =>
            GgufBuilder
                .Smallest()
                .Number("llama.expert_count", all)
                .Number("llama.expert_used_count", 2)
                .Number("llama.expert_group_count", groups)
                .Number("llama.expert_group_used_count", used);
    }

    [Fact]
    public void A_vocabulary_with_the_same_token_twice()
    {
        Assert.Contains(
            "twice",
            Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Texts("tokenizer.ggml.tokens", "a", "b", "a")).Message,
            StringComparison.Ordinal
        );
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Texts("tokenizer.ggml.tokens", "a\0b", "a\0c"));
        Assert.Equal(4, Open(GgufBuilder.Smallest().Texts("tokenizer.ggml.tokens", "", "a", "", "b")).VocabularySize);
    }

    [Fact]
    public void What_is_no_whole_language_model()
    {
        _ = Refused(ModelFileError.Unsupported, GgufBuilder.Smallest().Text("general.type", "mmproj"));
        _ = Refused(ModelFileError.Unsupported, GgufBuilder.Smallest().Without("tokenizer.ggml.tokens"));
        GgufBuilder empty = GgufBuilder.Smallest();
        empty.TensorCount = 0;
        _ = Refused(ModelFileError.Unsupported, empty);
    }

    [Fact]
    public void Tensors_that_are_impossible()
    {
        Assert.Contains("type 99", Refused(ModelFileError.Unsupported, GgufBuilder.Smallest().Tensor("t", 99, 32)).Message, StringComparison.Ordinal);
        Assert.Contains("Q4_2", Refused(ModelFileError.Unsupported, GgufBuilder.Smallest().Tensor("t", 4, 32)).Message, StringComparison.Ordinal);
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Tensor("t", 0));
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Tensor("t", 0, 1, 1, 1, 1, 1));
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Tensor("t", 0, 0));
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Tensor("t", 0, 1UL << 63));
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Tensor("t", 0, 1UL << 32, 1UL << 32, 1UL << 32, 1UL << 32));
        Assert.Contains(
            "no multiple of the 32",
            Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Tensor("t", 8, 33)).Message,
            StringComparison.Ordinal
        );
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Tensor("t", 0, 32).Tensor("t", 0, 32));
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Tensor("", 0, 32));
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Tensor(new string('n', 64), 0, 32));
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().TensorAt("t", 8, 0, 32));
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().TensorAt("t", ulong.MaxValue, 0, 32));
    }

    [Fact]
    public void A_string_that_is_too_long_to_be_true_and_one_that_is_merely_long()
    {
        Assert.Equal(200_000, Open(GgufBuilder.Smallest().Text("tokenizer.chat_template", new string('t', 200_000))).ChatTemplate!.Length);
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Text("tokenizer.chat_template", new string('t', 2_000_000)));
        _ = Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Number(new string('k', 70_000), 1));
        _ = Open(GgufBuilder.Smallest().Text("x.y", new string('t', 2_000_000)).Texts("x.z", new string('z', 100_000)));
    }

    [Fact]
    public void A_name_from_the_file_cannot_break_the_line() =>
        Assert.Contains(
            "?[31mred",
            Refused(ModelFileError.Unsupported, GgufBuilder.Smallest().Tensor("\u001b[31mred\n\u2028" + new string('n', 40), 99, 32)).Message,
            StringComparison.Ordinal
        );
}
