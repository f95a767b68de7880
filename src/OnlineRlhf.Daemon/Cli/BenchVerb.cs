using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>onlinerlhf bench: how fast the model decodes with each number of threads, build of the CPU backend and device, and which settings that suggests.</summary>
internal static class BenchVerb
{
    private static readonly string[] Keys = ["model", "natives", "context", "candidates", "threads", "device", "cpu_variant"];

    // What a difference must be to count: two runs of the same differ by some percent, on a busy machine by more.
    private const double Notable = 1.1;

    private const int Repetitions = 2;
    private const string Cpu = "CPU";

    internal static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "print numbers as JSON" };
        // llama.cpp takes one build of its CPU backend per process: each run has a process of its own.
        var one = new Option<bool>("--one") { Hidden = true };
        var settings = new SettingOptions();
        var command = new Command("bench", "Compare threads, builds of the CPU backend and devices on the model, and offer the settings. Stop the daemon first.") { json, one };
        settings.AddTo(command, Setting.All.Where(s => Keys.Contains(s.Key)));
        Option[] compared = [.. command.Options.Where(o => o.Name is "--threads" or "--device" or "--cpu-variant")];
        foreach (Option option in compared)
            option.Hidden = true;
        command.Validators.Add(result =>
        {
            if (result.GetResult(one) is null && compared.FirstOrDefault(o => result.GetResult(o) is not null) is { } set)
                result.AddError($"{set.Name} is what bench compares: leave it out");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            DaemonOptions options = settings.Read(parsed);
            if (parsed.GetValue(one))
                return Measure(options, cancellationToken);
            if (RunningDaemon() is { } daemon)
                Console.Error.WriteLine($"onlinerlhf: a daemon runs (process {daemon}) and takes cores: stop it first (sudo systemctl stop onlinerlhf.socket onlinerlhf)");
            List<BenchRun> runs = await CompareAsync(options, parsed.GetValue(json) ? TextWriter.Null : Console.Out, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
                Output.Json(JsonSerializer.Serialize(runs, BenchJson.Default.ListBenchRun));
            else
                Output.Text($"\n{await AdviseAsync(options, runs, cancellationToken).ConfigureAwait(false)}");
            return ExitCode.Success;
        });
        return command;
    }

    private static int Measure(DaemonOptions options, CancellationToken cancellationToken)
    {
        using DemoModel? embedded = options.Model is null ? DemoModel.Open() : null;
        // Other programs slow a run down, and none makes it faster: the better one says more.
        BenchRun run = Enumerable.Range(0, Repetitions).Select(_ => Once()).MaxBy(r => r.TokensPerSecond)!;
        Output.Json(JsonSerializer.Serialize(run, BenchJson.Default.BenchRun));
        return ExitCode.Success;

        BenchRun Once()
        {
            using LanguageModel model = LanguageModel.Load(options.ForModel(options.Model ?? embedded!.Path), cancellationToken);
            DecodingPace pace = model.Measure(cancellationToken);
            return new BenchRun(model.Device.Name, options.CpuVariant ?? "", model.Threads, Math.Round(pace.TokensPerSecond(options.Candidates), 1), Math.Round(1 / pace.PerPromptToken, 1));
        }
    }

    /// <summary>The default, other numbers of threads with the build that llama.cpp picks, the other builds with the best number of threads, then a GPU where there is one.</summary>
    private static async Task<List<BenchRun>> CompareAsync(DaemonOptions options, TextWriter table, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> variants = LlamaNatives.Find(options.Natives).Builds;
        await table.WriteLineAsync($"{"device",-34} {"CPU backend",-14} {"threads",7} {"tokens/s",10} {"prompt tokens/s",16}").ConfigureAwait(false);
        List<BenchRun> runs = [];
        await AddAsync("cpu", variants[0], 0).ConfigureAwait(false);
        foreach (int threads in Threads().Where(t => t != runs[0].Threads))
            await AddAsync("cpu", variants[0], threads).ConfigureAwait(false);
        int best = runs.MaxBy(r => r.TokensPerSecond)!.Threads;
        foreach (string variant in variants.Skip(1))
            await AddAsync("cpu", variant, best).ConfigureAwait(false);
        (string? gpu, string why) = LanguageModel.FindGpu(options.ForModel(""));
        if (gpu is null)
            await NoGpuAsync(why).ConfigureAwait(false);
        else
            await AddAsync("vulkan", variants[0], best).ConfigureAwait(false);
        return runs;

        Task NoGpuAsync(string problem) => table.WriteLineAsync($"Vulkan: {problem.Replace("the Vulkan backend is ", "", StringComparison.Ordinal)}");

        async Task AddAsync(string device, string variant, int threads)
        {
            (BenchRun? run, string problem) = await RunAsync(options, device, variant, threads, cancellationToken).ConfigureAwait(false);
            if (run is not null)
            {
                runs.Add(run);
                await table.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{run.Device,-34} {run.CpuVariant,-14} {run.Threads,7} {run.TokensPerSecond,10:F1} {run.PromptTokensPerSecond,16:F1}")).ConfigureAwait(false);
            }
            else if (device == "vulkan")
                await NoGpuAsync(problem).ConfigureAwait(false);
            else
                throw new IOException($"the run with {variant} and {(threads > 0 ? Plural.Of(threads, "thread") : "the usual threads")} failed: {problem}");
        }
    }

    private static async Task<(BenchRun? Run, string Problem)> RunAsync(DaemonOptions options, string device, string variant, int threads, CancellationToken cancellationToken)
    {
        List<string> arguments = ["bench", "--one", "--device", device, "--cpu-variant", variant, "--threads", Text(threads), "--context", Text(options.Context), "--candidates", Text(options.Candidates)];
        if (options.Model is not null)
            arguments.AddRange(["--model", options.Model]);
        if (options.Natives is not null)
            arguments.AddRange(["--natives", options.Natives]);
        using Process process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken), errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            // Ctrl+C ends both.
            cancellationToken.ThrowIfCancellationRequested();
            return process.ExitCode == ExitCode.Success
                ? (JsonSerializer.Deserialize(await output.ConfigureAwait(false), BenchJson.Default.BenchRun), "")
                : (null, (await errors.ConfigureAwait(false)).Replace("onlinerlhf: ", "", StringComparison.Ordinal).Trim() is { Length: > 0 } said ? said : $"it ended with code {process.ExitCode}");
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    /// <summary>The process of a daemon that runs here. The socket is not asked: systemd would start a daemon for that.</summary>
    private static string? RunningDaemon() => Directory.GetDirectories("/proc").Select(d => Path.GetFileName(d)).FirstOrDefault(id => id.All(char.IsAsciiDigit) && IsDaemon($"/proc/{id}/cmdline"));

    private static bool IsDaemon(string commandLine)
    {
        try
        {
            return File.ReadAllText(commandLine).Split('\0') is [var program, ServeVerb.Name, ..] && Path.GetFileName(program) == "onlinerlhf";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended, or is none of this user's business.
            return false;
        }
    }

    private static async Task<string> AdviseAsync(DaemonOptions options, List<BenchRun> runs, CancellationToken cancellationToken)
    {
        BenchRun usual = runs[0], chosen = Choose(runs);
        // On a busy machine the best of many rows is the luckiest one: it has to win once more, right after the default.
        return chosen == usual ? Advice(usual, chosen) : Advice(await AgainAsync(usual).ConfigureAwait(false), await AgainAsync(chosen).ConfigureAwait(false));

        async Task<BenchRun> AgainAsync(BenchRun run) =>
            (await RunAsync(options, run.Device == Cpu ? "cpu" : "vulkan", run.CpuVariant, run.Threads, cancellationToken).ConfigureAwait(false)).Run ?? run;
    }

    /// <summary>The run that is notably faster than the first, which is the default; of several the one that changes less.</summary>
    internal static BenchRun Choose(IReadOnlyList<BenchRun> runs)
    {
        BenchRun chosen = runs[0];
        BenchRun[] cpu = [.. runs.Where(r => r.Device == Cpu)], usualBuild = [.. cpu.Where(r => r.CpuVariant == chosen.CpuVariant)];
        foreach (IReadOnlyList<BenchRun> group in (IReadOnlyList<BenchRun>[])[usualBuild, cpu, runs])
        {
            BenchRun fastest = group.MaxBy(r => r.TokensPerSecond)!;
            if (IsNotable(chosen, fastest))
                chosen = fastest;
        }
        return chosen;
    }

    /// <summary>The settings that make a notable difference.</summary>
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
        return $"Faster by a factor of {gain}, as settings (other programs need cores too: threads may be one less):\n  {string.Join(", ", settings)}";
    }

    private static bool IsNotable(BenchRun slower, BenchRun faster) => faster.TokensPerSecond > Notable * slower.TokensPerSecond;

    /// <summary>Powers of two, the performance cores, and all.</summary>
    private static IEnumerable<int> Threads() =>
        Enumerable.Range(0, 8).Select(i => 1 << i).Append(ProcessorCores.Count()).Append(Environment.ProcessorCount).Where(t => t <= Environment.ProcessorCount).Distinct().Order();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One run of the comparison.</summary>
internal sealed record BenchRun(string Device, string CpuVariant, int Threads, double TokensPerSecond, double PromptTokensPerSecond);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BenchRun))]
[JsonSerializable(typeof(List<BenchRun>))]
internal sealed partial class BenchJson : JsonSerializerContext;
