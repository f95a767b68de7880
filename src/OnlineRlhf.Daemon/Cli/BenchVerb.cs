using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Devices;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>onlinerlhf bench: how fast the model decodes with each number of threads, build of the CPU backend and device, and which settings that suggests.</summary>
internal static class BenchVerb
{
    private static readonly string[] Keys = ["model", "natives", "context", "candidates", "threads", "device", "cpu_variant"];

    // What a difference must be to count: two runs of the same differ by some percent.
    private const double Notable = 1.05;

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
            List<BenchRun> runs = await CompareAsync(options, parsed.GetValue(json) ? TextWriter.Null : Console.Out, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(runs, BenchJson.Default.ListBenchRun));
            else
                Advise(runs);
            return ExitCode.Success;
        });
        return command;
    }

    private static int Measure(DaemonOptions options, CancellationToken cancellationToken)
    {
        using DemoModel? embedded = options.Model is null ? DemoModel.Open() : null;
        using LanguageModel model = LanguageModel.Load(options.ForModel(options.Model ?? embedded!.Path), cancellationToken);
        DecodingPace pace = model.Measure(cancellationToken);
        var run = new BenchRun(model.Device.Name, options.CpuVariant ?? "", model.Threads, Math.Round(pace.TokensPerSecond(options.Candidates), 1), Math.Round(1 / pace.PerPromptToken, 1));
        Console.WriteLine(JsonSerializer.Serialize(run, BenchJson.Default.BenchRun));
        return ExitCode.Success;
    }

    /// <summary>Threads with the build that llama.cpp picks, the other builds with the best number of threads, then a GPU where there is one.</summary>
    private static async Task<List<BenchRun>> CompareAsync(DaemonOptions options, TextWriter table, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> variants = CpuVariants.Supported(options.Natives);
        await table.WriteLineAsync($"{"device",-34} {"CPU backend",-14} {"threads",7} {"tokens/s",10} {"prompt tokens/s",16}").ConfigureAwait(false);
        List<BenchRun> runs = [];
        foreach (int threads in Threads())
            await AddAsync("cpu", variants[0], threads).ConfigureAwait(false);
        int best = runs.MaxBy(r => r.TokensPerSecond)!.Threads;
        foreach (string variant in variants.Skip(1))
            await AddAsync("cpu", variant, best).ConfigureAwait(false);
        await AddAsync("vulkan", variants[0], best).ConfigureAwait(false);
        return runs;

        async Task AddAsync(string device, string variant, int threads)
        {
            (BenchRun? run, string problem) = await RunAsync(options, device, variant, threads, cancellationToken).ConfigureAwait(false);
            if (run is not null)
            {
                runs.Add(run);
                await table.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{run.Device,-34} {run.CpuVariant,-14} {run.Threads,7} {run.TokensPerSecond,10:F1} {run.PromptTokensPerSecond,16:F1}")).ConfigureAwait(false);
            }
            else if (device == "vulkan")
                await table.WriteLineAsync($"Vulkan: {problem}").ConfigureAwait(false);
            else
                throw new IOException($"the run with {variant} and {Plural.Of(threads, "thread")} failed: {problem}");
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

    private static void Advise(List<BenchRun> runs)
    {
        BenchRun fastest = runs.MaxBy(r => r.TokensPerSecond)!, usual = runs.Where(r => r.CpuVariant == runs[0].CpuVariant).Last(r => r.Threads <= Math.Max(1, ProcessorCores.Count()));
        Console.WriteLine();
        if (fastest.TokensPerSecond < Notable * usual.TokensPerSecond)
        {
            Console.WriteLine("Nothing is notably faster than one thread per performance core with the build that is picked: leave the settings alone.");
            return;
        }
        Console.WriteLine("Fastest, as settings (other programs need cores too: threads may be one less):");
        Console.WriteLine($"  \"device\": \"{(fastest.Device == "CPU" ? "cpu" : "vulkan")}\", \"cpu_variant\": \"{fastest.CpuVariant}\", \"threads\": {Text(fastest.Threads)}");
    }

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
