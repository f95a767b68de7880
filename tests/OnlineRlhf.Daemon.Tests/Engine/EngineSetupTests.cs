using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Engine;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Inference;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Tests.Engine;

/// <summary>When a kept choice holds, and how it is told.</summary>
public sealed class EngineSetupTests : IDisposable
{
    private static readonly EngineChoice Choice = new(
        new EngineTrial("haswell", 1, 4210.4),
        [new EngineTrial("zen4", 1, 1297), new EngineTrial("haswell", 2, 52.74)]
    );
    private readonly string _folder = Directory.CreateTempSubdirectory("rlhf-").FullName;
    private readonly DemoModel _model = DemoModel.Open();

    public void Dispose()
    {
        _model.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_kept_choice_holds_for_the_same_model_machine_and_settings()
    {
        EngineSetup first = Machine(new DaemonOptions());
        Assert.SkipUnless(first.IsOpen, "This machine leaves no choice.");
        Assert.Null(first.Kept());
        first.Keep(Choice);

        Assert.Equal(Choice.Chosen, Machine(new DaemonOptions()).Kept()!.Chosen);
        Assert.Null(Machine(new DaemonOptions { Candidates = 4 }).Kept());
        Assert.Null(Machine(new DaemonOptions { Threads = 1 }).Kept());
        Assert.Null(Machine(new DaemonOptions { CpuVariant = "haswell" }).Kept());
    }

    [Fact]
    public void A_damaged_choice_is_as_good_as_none()
    {
        EngineSetup machine = Machine(new DaemonOptions());
        File.WriteAllText(machine.KeptIn, "{");

        Assert.Null(machine.Kept());
    }

    [Fact]
    public async Task Where_the_settings_name_both_nothing_is_tried()
    {
        EngineSetup machine = Machine(new DaemonOptions { CpuVariant = "haswell", Threads = 1 });

        Assert.False(machine.IsOpen);
        Assert.Null(await machine.TryAsync((build, why) => Assert.Fail($"{build}: {why}"), TestContext.Current.CancellationToken));
        Assert.Equal("haswell", machine.UsualBuild);
    }

    [Fact]
    public void What_was_chosen_is_told_with_its_numbers() =>
        Assert.Equal(
            "llama.cpp 0.5.0, CPU backend haswell, 1 thread, 4,210 tokens/s; zen4 1,297; haswell with 2 threads 52.7",
            EngineBody.Of(Choice, "0.5.0", "zen4").Describe()
        );

    [Fact]
    public void Where_nothing_was_chosen_the_build_is_named() =>
        Assert.Equal("llama.cpp 0.5.0, CPU backend zen4", EngineBody.Of(null, "0.5.0", "zen4").Describe());

    [Fact]
    public void The_model_is_loaded_with_what_was_chosen()
    {
        LanguageModelOptions options = EngineSetup.Apply(Choice, new DaemonOptions().ForModel("model.gguf"));

        Assert.Equal(("haswell", 1), (options.CpuVariant, options.Threads));
    }

    private EngineSetup Machine(DaemonOptions options) => new(options, _model.Path, _folder);
}
