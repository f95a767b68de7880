using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Devices;

namespace OnlineRlhf.Daemon.Engine;

/// <summary>
/// Measures the model in a separate process. llama.cpp takes one build of its CPU backend per process, and a crashing build must not end this one.
/// The process runs this same program as <c>bench --one</c>.
/// </summary>
/// <param name="options">The settings with which the process loads the model.</param>
/// <param name="program">The program to run; null for this one.</param>
internal sealed class BenchProcess(DaemonOptions options, string? program = null)
{
    /// <summary>The time limit of one measurement. It is long because a slow disk may first have to read a large model.</summary>
    internal static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <param name="device">The device setting.</param>
    /// <param name="variant">The build of the CPU backend.</param>
    /// <param name="threads">The number of threads that decode; 0 for the number that suits the model.</param>
    /// <param name="limit">After how long the process is ended.</param>
    /// <param name="cancellationToken">Ends the process too.</param>
    internal async Task<BenchProcessResult> RunAsync(string device, string variant, int threads, TimeSpan limit, CancellationToken cancellationToken)
    {
        string[] arguments = ["bench", "--one", "--device", device, "--cpu-variant", variant, "--threads", Text(threads)];
        using Process? process = Start(arguments, out string problem);
        if (process is null)
            return new BenchProcessResult(null, problem);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(limit);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(end.Token),
                errors = process.StandardError.ReadToEndAsync(end.Token);
            await process.WaitForExitAsync(end.Token).ConfigureAwait(false);
            // Ctrl+C ends both processes, so the measurement counts as cancelled and not as failed.
            cancellationToken.ThrowIfCancellationRequested();
            return Result(process.ExitCode, await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            cancellationToken.ThrowIfCancellationRequested();
            return new BenchProcessResult(null, string.Create(CultureInfo.InvariantCulture, $"it took longer than {limit.TotalSeconds:F0} s"));
        }
    }

    /// <summary>Measures the model. This runs in the separate process.</summary>
    internal static void Measure(DaemonOptions options, CancellationToken cancellationToken)
    {
        EndWithParent();
        using var source = ModelSource.Open(options.Model);
        using LanguageModel model = LanguageModel.Load(options.ForModel(source.Path), cancellationToken);
        RoundPace pace = model.MeasureRound(cancellationToken);
        double tokens = Math.Round(pace.TokensPerSecond, 1),
            promptTokens = Math.Round(pace.PromptTokensPerSecond, 1);
        var run = new BenchRun(model.Device.Name, options.CpuVariant ?? "", model.Threads, tokens, promptTokens);
        Cli.Output.Json(JsonSerializer.Serialize(run, BenchJson.Default.BenchRun));
    }

    private static BenchProcessResult Result(int code, string output, string errors)
    {
        if (code != ExitCode.Success)
        {
            string said = errors.Replace("onlinerlhf: ", "", StringComparison.Ordinal).Trim();
            return new BenchProcessResult(null, said.Length > 0 ? said : $"it ended with code {code}", code == ExitCode.Configuration);
        }
        try
        {
            BenchRun? run = JsonSerializer.Deserialize(output, BenchJson.Default.BenchRun);
            return run is { CpuVariant.Length: > 0, Threads: > 0, TokensPerSecond: > 0 }
                ? new BenchProcessResult(run)
                : new BenchProcessResult(null, "it measured nothing");
        }
        catch (JsonException)
        {
            return new BenchProcessResult(null, "what it printed is no measurement");
        }
    }

    /// <summary>Ends this process when its parent ends. Without a parent it would measure for nothing, or hang for ever.</summary>
    private static void EndWithParent()
    {
        var watch = new Thread(() =>
        {
            using Stream parent = Console.OpenStandardInput();
            while (parent.ReadByte() >= 0) { }
            Environment.Exit(ExitCode.Failure);
        })
        {
            IsBackground = true,
        };
        watch.Start();
    }

    private Process? Start(string[] arguments, out string problem)
    {
        var start = new ProcessStartInfo(program ?? Environment.ProcessPath!, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (options.ConfigFile is not null)
        {
            start.ArgumentList.Add("--config");
            start.ArgumentList.Add(options.ConfigFile);
        }
        // The settings of this process must win over the file in the new process too, so they are passed in its environment. A setting that is null
        // here is in neither environment nor file.
        foreach ((string key, string? value) in Settings())
            start.Environment[Setting.EnvironmentPrefix + key.ToUpperInvariant()] = value;
        try
        {
            problem = "";
            return Process.Start(start)!;
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            problem = e.Message;
            return null;
        }
    }

    private IEnumerable<(string Key, string? Value)> Settings() =>
        [
            ("model", options.Model),
            ("natives", options.Natives),
            ("chat_template", options.ChatTemplate),
            ("context", Text(options.Context)),
            ("candidates", Text(options.Candidates)),
            ("max_tokens", Text(options.MaxTokens)),
            ("style_hints", options.StyleHints),
            ("thinking", options.Thinking),
            ("thinking_budget", Text(options.ThinkingBudget)),
        ];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
