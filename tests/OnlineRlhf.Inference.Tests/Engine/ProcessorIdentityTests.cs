using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Tests.Engine;

/// <summary>What is another machine, and which builds are measured on it.</summary>
public sealed class ProcessorIdentityTests
{
    [Fact]
    public void Another_processor_number_of_cores_version_or_set_of_builds_is_another_machine()
    {
        string[] machines =
        [
            ProcessorIdentity.Of("processor", 4, 4, "0.5.0", ["zen4", "haswell"]),
            ProcessorIdentity.Of("another", 4, 4, "0.5.0", ["zen4", "haswell"]),
            ProcessorIdentity.Of("processor", 2, 4, "0.5.0", ["zen4", "haswell"]),
            ProcessorIdentity.Of("processor", 4, 2, "0.5.0", ["zen4", "haswell"]),
            ProcessorIdentity.Of("processor", 4, 4, "0.7.0", ["zen4", "haswell"]),
            ProcessorIdentity.Of("processor", 4, 4, "0.5.0", ["haswell"]),
        ];

        Assert.Equal(machines.Length, machines.Distinct().Count());
        Assert.Equal(machines[0], ProcessorIdentity.Of("processor", 4, 4, "0.5.0", ["zen4", "haswell"]));
    }

    [Fact]
    public void The_processor_says_the_same_whichever_core_is_asked()
    {
        string[] said = new string[64];
        Parallel.For(0, said.Length, i => said[i] = ProcessorIdentity.FromProcessor());
        Assert.Single(said.Distinct());
    }

    [Fact]
    public void A_kernel_that_names_no_cores_is_no_error() => Assert.Equal("", ProcessorIdentity.FromKernel("/proc/no-such-folder"));

    [Fact]
    public void Behind_the_most_promising_build_those_without_512_bit_vectors_are_measured()
    {
        Assert.Equal(
            ["zen4", "alderlake", "haswell", "icelake", "skylakex"],
            LlamaNatives.Order(["zen4", "icelake", "skylakex", "alderlake", "haswell"])
        );
        Assert.Equal(["armv8.2_2", "armv8.2_1", "armv8.0_1"], LlamaNatives.Order(["armv8.2_2", "armv8.2_1", "armv8.0_1"]));
    }

    [Theory]
    [InlineData(512, 160, 8)]
    [InlineData(128, 1, 8)]
    [InlineData(128, 1, 1)]
    public void The_pace_of_rounds_is_measured_in_any_context(int context, int answer, int candidates)
    {
        LanguageModelOptions options = Models.Options(Models.DemoPath) with
        {
            ContextTokens = context,
            AnswerTokens = answer,
            Candidates = candidates,
            StyleHints = [],
        };
        using LanguageModel model = LanguageModel.Load(options, TestContext.Current.CancellationToken);

        RoundPace pace = model.MeasureRound(TestContext.Current.CancellationToken);

        Assert.True(pace is { TokensPerSecond: > 0, PromptTokensPerSecond: > 0 }, $"{pace}");
    }
}
