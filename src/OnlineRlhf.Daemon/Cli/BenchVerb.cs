using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Engine;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>
/// onlinerlhf bench: measures how fast the model decodes with each number of threads, build of the CPU backend and device, and suggests settings.
/// </summary>
internal static class BenchVerb
{
    private static readonly string[] Keys = ["model", "natives", "context", "candidates", "threads", "device", "cpu_variant", "chat_template"];

    private const string Cpu = "CPU";

    internal static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "print numbers as JSON" };
        // llama.cpp takes one build of its CPU backend per process, so each run has its own process.
        var one = new Option<bool>("--one") { Hidden = true };
        var settings = new SettingOptions();
        var command = new Command(
            "bench",
            "Compare threads, builds of the CPU backend and devices on the model, and offer the settings. Stop the daemon first."
        )
        {
            json,
            one,
        };
        settings.AddTo(command, Setting.All.Where(s => Keys.Contains(s.Key)));
        Option[] compared = [.. command.Options.Where(o => o.Name is "--threads" or "--device" or "--cpu-variant")];
        foreach (Option option in compared)
            option.Hidden = true;
        command.Validators.Add(result =>
        {
            if (result.GetResult(one) is null && compared.FirstOrDefault(o => result.GetResult(o) is not null) is { } set)
                result.AddError($"{set.Name} is what bench compares: leave it out");
        });
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                DaemonOptions options = settings.Read(parsed);
                if (parsed.GetValue(one))
                {
                    BenchProcess.Measure(options, cancellationToken);
                    return ExitCode.Success;
                }
                if (RunningDaemon() is { } daemon)
                    Console.Error.WriteLine(
                        $"onlinerlhf: a daemon runs (process {daemon}) and takes cores: "
                            + "stop it first (sudo systemctl stop onlinerlhf.socket onlinerlhf)"
                    );
                List<BenchRun> runs = await CompareAsync(options, parsed.GetValue(json) ? TextWriter.Null : Console.Out, cancellationToken)
                    .ConfigureAwait(false);
                if (parsed.GetValue(json))
                    Output.Json(JsonSerializer.Serialize(runs, BenchJson.Default.ListBenchRun));
                else
                    Output.Text($"\n{await AdviseAsync(options, runs, cancellationToken).ConfigureAwait(false)}");
                return ExitCode.Success;
            }
        );
        return command;
    }

    /// <summary>
    /// Measures in this order: the daemon's choice, other numbers of threads with that build, the other builds, a GPU if there is one. The last two
    /// use the best number of threads.
    /// </summary>
    private static async Task<List<BenchRun>> CompareAsync(DaemonOptions options, TextWriter table, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> variants = LlamaNatives.Find(options.Natives).Builds;
        await table
            .WriteLineAsync($"{"device", -34} {"CPU backend", -14} {"threads", 7} {"tokens/s", 10} {"prompt tokens/s", 16}")
            .ConfigureAwait(false);
        var child = new BenchProcess(options);
        List<BenchRun> runs = [];
        EngineTrial? kept = Kept(options)?.Chosen;
        string usual = kept?.CpuVariant ?? variants[0];
        await AddAsync("cpu", usual, kept?.Threads ?? 0).ConfigureAwait(false);
        foreach (int threads in Threads().Where(t => t != runs[0].Threads))
            await AddAsync("cpu", usual, threads).ConfigureAwait(false);
        int best = runs.MaxBy(r => r.TokensPerSecond)!.Threads;
        foreach (string variant in variants.Where(v => v != usual))
            await AddAsync("cpu", variant, best).ConfigureAwait(false);
        (string? gpu, string why) = LlamaEngine.FindGpu(options.ForModel(""));
        if (gpu is null)
            await NoGpuAsync(why).ConfigureAwait(false);
        else
            await AddAsync("vulkan", usual, best).ConfigureAwait(false);
        return runs;

        Task NoGpuAsync(string problem) => table.WriteLineAsync($"Vulkan: {problem.Replace("the Vulkan backend is ", "", StringComparison.Ordinal)}");

        async Task AddAsync(string device, string variant, int threads)
        {
            (BenchRun? run, string problem, _) = await child
                .RunAsync(device, variant, threads, BenchProcess.Limit, cancellationToken)
                .ConfigureAwait(false);
            if (run is not null)
            {
                runs.Add(run);
                await table
                    .WriteLineAsync(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{run.Device, -34} {run.CpuVariant, -14} {run.Threads, 7} "
                                + $"{run.TokensPerSecond, 10:F1} {run.PromptTokensPerSecond, 16:F1}"
                        )
                    )
                    .ConfigureAwait(false);
            }
            else if (device == "vulkan")
                await NoGpuAsync(problem).ConfigureAwait(false);
            else
                throw new IOException(
                    $"the run with {variant} and {(threads > 0 ? Plural.Of(threads, "thread") : "the usual threads")} failed: {problem}"
                );
        }
    }

    /// <summary>The choice that the daemon keeps for this model, if this user may read it.</summary>
    private static EngineChoice? Kept(DaemonOptions options)
    {
        using var source = ModelSource.Open(options.Model);
        return new EngineSetup(options, source.Path, Locations.StateOrNone()).Kept();
    }

    /// <summary>The id of a running daemon's process. This does not connect to the socket, because systemd would start a daemon for that.</summary>
    private static string? RunningDaemon() =>
        Directory
            .GetDirectories("/proc")
            .Select(d => Path.GetFileName(d))
            .FirstOrDefault(id => id.All(char.IsAsciiDigit) && IsDaemon($"/proc/{id}/cmdline"));

    private static bool IsDaemon(string commandLine)
    {
        try
        {
            return File.ReadAllText(commandLine).Split('\0') is [var program, ServeVerb.Name, ..] && Path.GetFileName(program) == "onlinerlhf";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process has ended, or belongs to another user.
            return false;
        }
    }

    private static async Task<string> AdviseAsync(DaemonOptions options, List<BenchRun> runs, CancellationToken cancellationToken)
    {
        var child = new BenchProcess(options);
        BenchRun usual = runs[0],
            chosen = Choose(runs);
        // On a busy machine the best of many rows may be the luckiest one. So it has to win once more, right after the default.
        return chosen == usual
            ? Advice(usual, chosen)
            : Advice(await AgainAsync(usual).ConfigureAwait(false), await AgainAsync(chosen).ConfigureAwait(false));

        async Task<BenchRun> AgainAsync(BenchRun run) =>
            (
                await child
                    .RunAsync(run.Device == Cpu ? "cpu" : "vulkan", run.CpuVariant, run.Threads, BenchProcess.Limit, cancellationToken)
                    .ConfigureAwait(false)
            ).Run
            ?? run;
    }

    /// <summary>
    /// Chooses the run that is notably faster than the first one, which is the default. If several are, the one that changes fewer settings wins.
    /// </summary>
    internal static BenchRun Choose(IReadOnlyList<BenchRun> runs)
    {
        BenchRun chosen = runs[0];
        BenchRun[] cpu = [.. runs.Where(r => r.Device == Cpu)],
            usualBuild = [.. cpu.Where(r => r.CpuVariant == chosen.CpuVariant)];
        foreach (IReadOnlyList<BenchRun> group in (IReadOnlyList<BenchRun>[])[usualBuild, cpu, runs])
        {
            BenchRun fastest = group.MaxBy(r => r.TokensPerSecond)!;
            if (IsNotable(chosen, fastest))
                chosen = fastest;
        }
        return chosen;
    }

    /// <summary>Says which settings make a notable difference.</summary>
    internal static string Advice(BenchRun usual, BenchRun chosen)
    {
        if (!IsNotable(usual, chosen))
            return "Nothing is notably faster than the default, which is the first row: leave the settings alone.";
        string[] settings =
        [
            .. chosen.Device == Cpu ? (string[])[] : ["\"device\": \"vulkan\""],
            .. chosen.CpuVariant == usual.CpuVariant ? (string[])[] : [$"\"cpu_variant\": \"{chosen.CpuVariant}\""],
            .. chosen.Threads == usual.Threads ? (string[])[] : [$"\"threads\": {Text(chosen.Threads)}"],
        ];
        string gain = string.Create(CultureInfo.InvariantCulture, $"{chosen.TokensPerSecond / usual.TokensPerSecond:F1}");
        return $"Faster by a factor of {gain}, as settings (other programs need cores too: threads may be one less):\n"
            + $"  {string.Join(", ", settings)}";
    }

    private static bool IsNotable(BenchRun slower, BenchRun faster) => BenchRun.IsNotable(slower.TokensPerSecond, faster.TokensPerSecond);

    /// <summary>The numbers of threads to compare: powers of two, the number of performance cores, and the number of all cores.</summary>
    private static IEnumerable<int> Threads() =>
        Enumerable
            .Range(0, 8)
            .Select(i => 1 << i)
            .Append(ProcessorCores.Count())
            .Append(Environment.ProcessorCount)
            .Where(t => t <= Environment.ProcessorCount)
            .Distinct()
            .Order();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
