using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Engine;

/// <summary>Models and devices whose output is not a number.</summary>
public sealed class NotFiniteTests : IDisposable
{
    private const string Poison = "rice",
        Clean = "Seven minutes in boiling water.";
    private static readonly ChatMessage[] Question = [new("user", "How do I boil an egg?")];
    private static readonly DeviceReport PretendedGpu = new("Vulkan0 (pretended)", "5/5", "for a test");
    private readonly string _folder = Directory.CreateTempSubdirectory("onlinerlhf-nan-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_model_that_computes_no_numbers_is_refused_when_it_is_loaded()
    {
        string path = Save(PatchedModel.WithoutNumbers());
        InferenceException refused = Assert.Throws<InferenceException>(() => LanguageModel.Load(Models.Options(path), Cancel));
        Assert.Equal(InferenceError.NotFinite, refused.Error);
        Assert.StartsWith(path, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_cannot_end_an_answer_is_refused()
    {
        string path = new MarkovModel { Unspeakable = [MarkovModel.End] }
            .After("\n", "Yes")
            .After("Yes", MarkovModel.End)
            .Write(Path.Combine(_folder, "endless.gguf"));
        Assert.Equal(InferenceError.NotFinite, Assert.Throws<InferenceException>(() => LanguageModel.Load(Models.Options(path), Cancel)).Error);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(20, false)]
    public void A_model_that_cannot_write_one_token_is_served_and_one_that_cannot_write_many_is_refused(int tokens, bool isServed)
    {
        string[] lost = [.. Enumerable.Range('A', tokens).Select(c => ((char)c).ToString())];
        string path = new MarkovModel { Unspeakable = lost }
            .After("\n", "yes")
            .After("yes", MarkovModel.End)
            .Write(Path.Combine(_folder, "mute.gguf"));
        if (isServed)
            LanguageModel.Load(Models.Options(path), Cancel).Dispose();
        else
            Assert.Equal(InferenceError.NotFinite, Assert.Throws<InferenceException>(() => LanguageModel.Load(Models.Options(path), Cancel)).Error);
    }

    [Fact]
    public void A_request_that_spoils_the_output_is_refused_and_the_next_one_is_served()
    {
        using LanguageModel model = LoadPoisoned();
        foreach (
            ChatMessage[] bad in new ChatMessage[][]
            {
                [new("user", $"How do I cook {Poison}?")],
                [new("user", "Hello"), new("assistant", $"Cook {Poison}."), new("user", "And then?")],
            }
        )
        {
            Assert.Equal(
                InferenceError.NotFinite,
                Assert.Throws<InferenceException>(() => model.Sample(bad, new string?[8], new SamplingOptions(), cancellationToken: Cancel)).Error
            );
            MustServe(model);
        }
    }

    [Fact]
    public void An_answer_that_spoils_the_output_is_refused_and_the_next_one_is_read()
    {
        using LanguageModel model = LoadPoisoned();
        float[] before = States(model, Clean);
        foreach (string[] answers in new[] { new[] { $"Cook {Poison} in water.", Clean }, [Clean, $"Cook some {Poison}"] })
        {
            Assert.Equal(InferenceError.NotFinite, Assert.Throws<InferenceException>(() => model.Force(Question, answers, Cancel)).Error);
            Assert.Equal(before, States(model, Clean));
        }
    }

    [Fact]
    public void A_candidate_that_spoils_its_own_output_is_left_out_and_the_others_are_kept()
    {
        using LanguageModel model = LoadPoisoned();
        string?[] hints = [$"Talk of {Poison}.", null, $"Talk of {Poison}.", null];
        IReadOnlyList<Candidate> candidates = model.Sample(
            Question,
            hints,
            new SamplingOptions { Seed = 3, MaxTokens = 20 },
            cancellationToken: Cancel
        );
        Assert.InRange(candidates.Count, 1, 2);
        Assert.All(candidates, c => Assert.Null(c.Hint));
        Assert.All(candidates, c => Assert.True(c.Hidden.IsFinite));
        MustServe(model);
    }

    [Fact]
    public void States_that_are_not_numbers_or_too_large_to_be_learned_from_make_no_features()
    {
        var map = new FeatureMap(192, [1, 1, 1], TextStatistics.For("en"));
        foreach (float wrong in new[] { float.NaN, float.PositiveInfinity, 3e37f, 1e6f })
        {
            var hidden = new HiddenBlocks(192);
            float[] state = new float[192];
            state[100] = wrong;
            hidden.Add(state);
            Assert.Equal(
                InferenceError.NotFinite,
                Assert.Throws<InferenceException>(() => map.Map(hidden, "Hello", "Hello", new float[map.Dimension])).Error
            );
        }
    }

    [Theory]
    [InlineData(DeviceChoice.Auto)]
    [InlineData(DeviceChoice.Vulkan)]
    public void A_GPU_that_computes_no_numbers_is_refused_with_the_reason_and_the_CPU_is_used(DeviceChoice choice)
    {
        LanguageModelOptions good = Models.Options(DemoModelFile.Path) with { Device = choice, Candidates = 2 },
            bad = good with { ModelPath = Save(PatchedModel.WithoutNumbers()) };
        LlamaNatives natives = LlamaLibrary.Load(Models.Natives);
        var selection = new DeviceSelection(
            good,
            natives,
            new GpuMarker(null),
            (gpu, cancellationToken) =>
            {
                LanguageModelOptions options = gpu is null ? good : bad;
                return LoadedModel.Open(options, GgufFile.Open(options.ModelPath), null, collectHidden: true, () => { }, cancellationToken);
            }
        );

        (LoadedModel model, DeviceReport report, _) = selection.Choose(new GpuDevice(0, "Vulkan0 (pretended)"), Cancel);

        using LoadedModel used = model;
        Assert.True(report.IsCpu);
        Assert.Contains("Vulkan0 (pretended)", report.Why, StringComparison.Ordinal);
        Assert.Contains("not a number", report.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_GPU_that_computes_no_numbers_later_is_left_for_the_CPU()
    {
        using LanguageModel model = LoadPoisoned();
        model.Device = PretendedGpu;
        Assert.Equal(InferenceError.NotFinite, Assert.Throws<InferenceException>(() => model.Force(Question, [$"Some {Poison}."], Cancel)).Error);
        Assert.True(model.Device.IsCpu);
        Assert.Contains("not a number", model.Device.Why, StringComparison.Ordinal);
        MustServe(model);
    }

    [Fact]
    public void A_GPU_on_which_one_candidate_of_several_is_no_number_is_left_for_the_CPU_too()
    {
        using LanguageModel model = LoadPoisoned();
        model.Device = PretendedGpu;
        Assert.NotEmpty(model.Sample(Question, [$"Talk of {Poison}.", null], new SamplingOptions { MaxTokens = 20 }, cancellationToken: Cancel));
        Assert.True(model.Device.IsCpu);
    }

    [Fact]
    public void A_model_with_a_damaged_word_is_measured_on_the_others()
    {
        using LanguageModel model = LoadPoisoned();
        double[] damaged = FeatureMap.Calibrate(model, Cancel),
            whole = Models.Scales("demo");
        Assert.All(damaged.Zip(whole), scale => Assert.InRange(scale.First, scale.Second * 0.8, scale.Second * 1.25));
    }

    /// <summary>An answer of which nothing is chosen must be checked like one of several branches.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_steered_answer_that_becomes_no_number_is_refused_in_words(int branches)
    {
        MarkovModel chain = new MarkovModel { Poison = "five" }
            .After("\n", "one")
            .After("one", "two")
            .After("two", "three")
            .After("three", "four")
            .After("four", "five")
            .After("five", MarkovModel.End);
        string path = Save([]);
        chain.Write(path);
        using LanguageModel model = LanguageModel.Load(Models.Options(path), Cancel);
        Assert.Equal(
            InferenceError.NotFinite,
            Assert
                .Throws<InferenceException>(() =>
                    model.Steer(
                        model.Tokenize(Question),
                        new string?[branches],
                        new SamplingOptions { MaxTokens = 20 },
                        new SteeringOptions(FirstBlock: 1, Branches: branches),
                        new Guide(_ => 0),
                        cancellationToken: Cancel
                    )
                )
                .Error
        );
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static void MustServe(LanguageModel model)
    {
        IReadOnlyList<Candidate> candidates = model.Sample(
            Question,
            new string?[4],
            new SamplingOptions { MaxTokens = 20 },
            cancellationToken: Cancel
        );
        Assert.All(candidates, c => Assert.True(c.Hidden.IsFinite && c.Text.Length > 0));
    }

    private static float[] States(LanguageModel model, string answer)
    {
        HiddenBlocks blocks = Assert.Single(model.Force(Question, [answer], Cancel));
        float[] states = new float[HiddenBlocks.Count * blocks.Width];
        blocks.CopyTo(states);
        Assert.All(states, s => Assert.True(float.IsFinite(s)));
        return states;
    }

    private LanguageModel LoadPoisoned()
    {
        List<int> tokens = [];
        Models.Demo.Vocabulary.Tokenize(" " + Poison, control: false, tokens);
        Assert.Equal(PatchedModel.Rice, Assert.Single(tokens));
        return LanguageModel.Load(Models.Options(Save(PatchedModel.Poisoned(tokens[0]))), Cancel);
    }

    private string Save(byte[] model)
    {
        string path = Path.Combine(_folder, $"{Guid.NewGuid()}.gguf");
        File.WriteAllBytes(path, model);
        return path;
    }
}
