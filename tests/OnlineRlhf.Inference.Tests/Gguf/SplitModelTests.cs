using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Inference.Tests.Engine;

namespace OnlineRlhf.Inference.Tests.Gguf;

/// <summary>Models in several files, as gguf-split writes them.</summary>
public sealed class SplitModelTests : GgufFixture
{
    private string Folder => Directory.CreateDirectory(At(Guid.NewGuid().ToString())).FullName;

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    public void A_model_whose_parts_are_all_there_is_served_like_the_whole_one(int parts, bool emptyFirst)
    {
        string first = PatchedModel.Split(Folder, parts, emptyFirst);
        GgufFile whole = GgufFile.Open(DemoModelFile.Path),
            split = GgufFile.Open(first);
        Assert.Equal((parts, 1), (split.Parts, whole.Parts));
        Assert.Equal((whole.TensorCount, whole.Quantisation), (split.TensorCount, split.Quantisation));
        Assert.InRange(split.WeightBytes, whole.WeightBytes - 1000, whole.WeightBytes + 1000);
        Assert.NotEqual(whole.Fingerprint, split.Fingerprint);

        using LanguageModel model = LanguageModel.Load(Models.Options(first), TestContext.Current.CancellationToken);
        string[] answers = ["Seven minutes in boiling water."];
        Assert.Equal(States(Models.Demo), States(model));

        float[] States(LanguageModel from)
        {
            HiddenBlocks blocks = from.Force([new("user", "How do I boil an egg?")], answers, TestContext.Current.CancellationToken)[0];
            float[] states = new float[HiddenBlocks.Count * blocks.Width];
            blocks.CopyTo(states);
            return states;
        }
    }

    [Fact]
    public void The_fingerprint_covers_every_part()
    {
        string first = PatchedModel.Split(Folder, 3),
            third = first.Replace("-00001-", "-00003-", StringComparison.Ordinal),
            before = GgufFile.Open(first).Fingerprint;
        Assert.Equal(before, GgufFile.Open(first).Fingerprint);
        byte[] bytes = File.ReadAllBytes(third);
        bytes[^100] ^= 1;
        File.WriteAllBytes(third, bytes);
        Assert.NotEqual(before, GgufFile.Open(first).Fingerprint);
    }

    [Fact]
    public void A_part_that_is_missing_is_named()
    {
        string first = PatchedModel.Split(Folder, 3),
            second = first.Replace("-00001-", "-00002-", StringComparison.Ordinal);
        File.Delete(second);
        Assert.Contains(
            $"part 2 of 3 ({Path.GetFileName(second)}) is missing",
            Refused(ModelFileError.NotFound, first).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_part_that_is_damaged_or_another_models_is_named()
    {
        string first = PatchedModel.Split(Folder, 3),
            second = first.Replace("-00001-", "-00002-", StringComparison.Ordinal),
            third = first.Replace("-00001-", "-00003-", StringComparison.Ordinal);
        byte[] whole = File.ReadAllBytes(second);
        File.WriteAllBytes(second, whole[..(whole.Length / 2)]);
        Assert.Contains("part 2 of 3", Refused(ModelFileError.Damaged, first).Message, StringComparison.Ordinal);
        File.Copy(third, second, overwrite: true);
        Assert.Contains("part 2 of 3", Refused(ModelFileError.Damaged, first).Message, StringComparison.Ordinal);
        File.WriteAllBytes(second, GgufBuilder.Smallest().Number("split.no", 1).Number("split.count", 3).Build());
        Assert.Contains("tensors", Refused(ModelFileError.Damaged, first).Message, StringComparison.Ordinal);
        File.WriteAllText(second, "This is a text, and no model.");
        Assert.Contains("part 2 of 3", Refused(ModelFileError.NotAGguf, first).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_part_than_the_first_is_refused_with_the_name_to_give()
    {
        string first = PatchedModel.Split(Folder, 3),
            second = first.Replace("-00001-", "-00002-", StringComparison.Ordinal);
        string message = Refused(ModelFileError.Unsupported, second).Message;
        Assert.Contains("part 2 of the 3 parts", message, StringComparison.Ordinal);
        Assert.Contains("-00001-of-00003.gguf", message, StringComparison.Ordinal);
        string renamed = Path.Combine(Path.GetDirectoryName(first)!, "model.gguf");
        File.Move(first, renamed);
        Assert.Contains("-00001-of-00003.gguf", Refused(ModelFileError.Unsupported, renamed).Message, StringComparison.Ordinal);
        Assert.Contains(
            "claims",
            Refused(ModelFileError.Damaged, GgufBuilder.Smallest().Number("split.count", 4_000_000_000)).Message,
            StringComparison.Ordinal
        );
    }
}
