using OnlineRlhf.Inference.Gguf;

namespace OnlineRlhf.Inference.Tests.Gguf;

public sealed class GgufFileTests : GgufFixture
{
    [Fact]
    public void The_demo_model_says_what_it_is()
    {
        GgufFile model = GgufFile.Open(DemoModelFile.Path);
        Assert.Equal("llama", model.Architecture);
        Assert.Equal("Hearth 2M demo", model.Name);
        Assert.Equal((512, 192, 4, 1536), (model.ContextLength, model.EmbeddingLength, model.BlockCount, model.VocabularySize));
        Assert.Contains("<|im_start|>", model.ChatTemplate, StringComparison.Ordinal);
        Assert.Equal(new FileInfo(DemoModelFile.Path).Length, model.FileLength);
        Assert.Equal(3, model.Version);
        Assert.Equal(2 + 4 * 9, model.TensorCount);
        Assert.InRange(model.DataOffset, 1, model.FileLength);
        Assert.Equal(0, model.DataOffset % 32);
    }

    [Fact]
    public void The_fingerprint_belongs_to_the_contents_and_not_to_the_place()
    {
        byte[] bytes = File.ReadAllBytes(DemoModelFile.Path);
        string original = GgufFile.Open(DemoModelFile.Path).Fingerprint;
        Assert.Matches("^[0-9a-f]{32}$", original);
        Assert.Equal(original, GgufFile.Open(Save(bytes, "elsewhere.gguf")).Fingerprint);

        bytes[^1] ^= 1;
        Assert.NotEqual(original, GgufFile.Open(Save(bytes, "last.gguf")).Fingerprint);
        bytes[^1] ^= 1;
        bytes[GgufFile.Open(DemoModelFile.Path).DataOffset] ^= 1;
        Assert.NotEqual(original, GgufFile.Open(Save(bytes, "first.gguf")).Fingerprint);
    }

    [Fact]
    public void A_name_in_the_header_is_part_of_the_fingerprint() =>
        Assert.NotEqual(Open(GgufBuilder.Smallest()).Fingerprint, Open(GgufBuilder.Smallest().Text("general.name", "Smollest")).Fingerprint);

    [Fact]
    public void Bytes_after_the_last_tensor_are_allowed_and_change_the_fingerprint()
    {
        byte[] bytes = GgufBuilder.Smallest().Build();
        GgufFile longer = GgufFile.Open(Save([.. bytes, 0, 0, 0]));
        Assert.NotEqual(GgufFile.Open(Save(bytes)).Fingerprint, longer.Fingerprint);
    }

    [Theory]
    [InlineData(2u)]
    [InlineData(3u)]
    public void Versions_two_and_three_open(uint version)
    {
        GgufFile model = Open(Of(version));
        Assert.Equal(("Smallest", 128, 32, 1, 3), (model.Name, model.ContextLength, model.EmbeddingLength, model.BlockCount, model.VocabularySize));
        Assert.Null(model.ChatTemplate);

        static GgufBuilder Of(uint version)
        {
            GgufBuilder builder = GgufBuilder.Smallest();
            builder.Version = version;
            return builder;
        }
    }

    [Theory]
    [InlineData(1u, "version 1")]
    [InlineData(0x03000000u, "big-endian")]
    [InlineData(0x02000000u, "big-endian")]
    [InlineData(4u, "version 4")]
    [InlineData(0u, "version 0")]
    public void Other_versions_are_refused_in_words(uint version, string words)
    {
        GgufBuilder builder = GgufBuilder.Smallest();
        builder.Version = version;
        Assert.Contains(words, Refused(ModelFileError.Unsupported, builder).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_symbolic_link_is_followed()
    {
        _ = File.CreateSymbolicLink(At("link.gguf"), DemoModelFile.Path);
        _ = File.CreateSymbolicLink(At("link to link.gguf"), At("link.gguf"));
        Assert.Equal(GgufFile.Open(DemoModelFile.Path).Fingerprint, GgufFile.Open(At("link to link.gguf")).Fingerprint);
    }

    [Fact]
    public void A_model_joined_from_parts_opens() => _ = Open(GgufBuilder.Smallest().With("split.count", 2, writer => writer.Write((ushort)0)));

    [Fact]
    public void Every_tensor_type_has_the_size_that_llama_cpp_gives_it()
    {
        // type, numbers in a block, bytes in a block: sizeof of the structures in ggml-common.h (0.25.1), printed by a compiled program.
        (uint, ulong, int)[] types =
        [
            (0, 1, 4),
            (1, 1, 2),
            (2, 32, 18),
            (3, 32, 20),
            (6, 32, 22),
            (7, 32, 24),
            (8, 32, 34),
            (9, 32, 36),
            (10, 256, 84),
            (11, 256, 110),
            (12, 256, 144),
            (13, 256, 176),
            (14, 256, 210),
            (15, 256, 292),
            (16, 256, 66),
            (17, 256, 74),
            (18, 256, 98),
            (19, 256, 50),
            (20, 32, 18),
            (21, 256, 110),
            (22, 256, 82),
            (23, 256, 136),
            (24, 1, 1),
            (25, 1, 2),
            (26, 1, 4),
            (27, 1, 8),
            (28, 1, 8),
            (29, 256, 56),
            (30, 1, 2),
            (34, 256, 54),
            (35, 256, 66),
            (39, 32, 17),
            (40, 64, 36),
            (41, 128, 18),
            (42, 64, 18),
        ];
        foreach ((uint type, ulong numbers, int bytes) in types)
        {
            GgufBuilder exact = GgufBuilder.Smallest().Tensor("t", type, numbers * 64);
            byte[] file = exact.Build(bytes * 64);
            _ = GgufFile.Open(Save(file));
            _ = Refused(ModelFileError.Damaged, Save(file[..^1]));
        }
    }
}
