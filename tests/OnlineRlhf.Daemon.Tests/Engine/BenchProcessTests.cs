using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Engine;

namespace OnlineRlhf.Daemon.Tests.Engine;

/// <summary>What comes of a process that measures, and of one that crashes, hangs or fails.</summary>
public sealed class BenchProcessTests : IDisposable
{
    private const string Measured =
        """{"device":"CPU","cpu_variant":"haswell","threads":2,"tokens_per_second":42.5,"prompt_tokens_per_second":100}""";
    private readonly string _folder = Directory.CreateTempSubdirectory("rlhf-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_it_measures_is_read()
    {
        BenchProcessResult result = await RunAsync($"echo '{Measured}'");

        Assert.Equal(new BenchRun("CPU", "haswell", 2, 42.5, 100), result.Run);
    }

    [Fact]
    public async Task It_is_told_what_to_load_and_how()
    {
        var options = new DaemonOptions
        {
            Model = "/models/one.gguf",
            Candidates = 4,
            StyleHints = "none",
            ConfigFile = "/etc/other.json",
        };
        await RunAsync($"echo \"$* $ONLINERLHF_MODEL $ONLINERLHF_CANDIDATES $ONLINERLHF_STYLE_HINTS\" > {_folder}/said; echo '{Measured}'", options);

        Assert.Equal(
            "bench --one --device cpu --cpu-variant haswell --threads 2 --config /etc/other.json /models/one.gguf 4 none\n",
            await File.ReadAllTextAsync(Path.Combine(_folder, "said"), TestContext.Current.CancellationToken)
        );
    }

    [Theory]
    [InlineData("kill -ILL $$", "it ended with code 132")]
    [InlineData("echo 'onlinerlhf: no memory' >&2; exit 1", "no memory")]
    [InlineData("echo nonsense", "what it printed is no measurement")]
    [InlineData("echo '{}'", "it measured nothing")]
    [InlineData("exec sleep 60", "it took longer than 1 s")]
    public async Task One_that_crashes_fails_or_hangs_has_measured_nothing(string script, string problem)
    {
        BenchProcessResult result = await RunAsync(script);

        Assert.Equal(new BenchProcessResult(null, problem), result);
    }

    [Fact]
    public async Task A_wrong_model_is_told_from_a_wrong_build() =>
        Assert.True((await RunAsync("echo 'model.gguf is damaged' >&2; exit 78")).IsConfiguration);

    [Fact]
    public async Task A_program_that_cannot_be_started_has_measured_nothing()
    {
        BenchProcessResult result = await new BenchProcess(new DaemonOptions(), Path.Combine(_folder, "none")).RunAsync(
            "cpu",
            "haswell",
            2,
            TimeSpan.FromSeconds(1),
            TestContext.Current.CancellationToken
        );

        Assert.Null(result.Run);
        Assert.NotEmpty(result.Problem);
    }

    [Fact]
    public async Task It_ends_when_the_daemon_is_told_to_stop()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            new BenchProcess(new DaemonOptions(), Script("exec sleep 60")).RunAsync("cpu", "haswell", 2, TimeSpan.FromMinutes(1), stop.Token)
        );
    }

    private Task<BenchProcessResult> RunAsync(string script, DaemonOptions? options = null) =>
        // A hanging one is waited for a second, any other longer on a busy machine.
        new BenchProcess(options ?? new DaemonOptions(), Script(script)).RunAsync(
            "cpu",
            "haswell",
            2,
            TimeSpan.FromSeconds(script.Contains("sleep", StringComparison.Ordinal) ? 1 : 60),
            TestContext.Current.CancellationToken
        );

    private string Script(string script)
    {
        string path = Path.Combine(_folder, "program");
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }
}
