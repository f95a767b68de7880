using System.CommandLine;
using System.Text.Json;
using OnlineRlhf.Daemon.Cli.Models;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Inference;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>onlinerlhf model: checks a model file before it is used, and puts it to use.</summary>
internal static class ModelVerb
{
    private static readonly string[] Keys =
    [
        "natives",
        "context",
        "chat_template",
        "thinking",
        "thinking_budget",
        "style_hints",
        "candidates",
        "max_tokens",
        "conversations",
    ];

    internal static Command Create() => new("model", "Check a model file, and put one to use.") { Check(), Use() };

    private static Command Check()
    {
        Argument<string> file = ModelFile();
        var json = new Option<bool>("--json") { Description = "print it as JSON, sizes in bytes" };
        var settings = new SettingOptions();
        var command = new Command(
            "check",
            "Say what a GGUF file holds, what memory it takes and whether it fits. Exit code 0: it fits; 1: it does not; 78: it cannot be used."
        )
        {
            file,
            json,
        };
        settings.AddTo(command, Setting.All.Where(s => Keys.Contains(s.Key)));
        command.SetAction(parsed =>
        {
            ModelReport report = Inspect(settings, parsed, parsed.GetValue(file)!, out _);
            if (parsed.GetValue(json))
                Output.Json(JsonSerializer.Serialize(report, ModelJson.Default.ModelReport));
            else
                Print(report);
            return report.ChatTemplateProblem is not null ? ExitCode.Configuration
                : report.Fits ? ExitCode.Success
                : ExitCode.Failure;
        });
        return command;
    }

    private static Command Use()
    {
        Argument<string> file = ModelFile();
        var sha256 = new Option<string?>("--sha256") { Description = "refuse the file where this is not its SHA-256" };
        var settings = new SettingOptions();
        var command = new Command(
            "use",
            "Check a GGUF file, copy it to the models of the daemon and name it in the settings. "
                + "The daemon must be started anew; what was learned with another model waits for it."
        )
        {
            file,
            sha256,
        };
        settings.AddTo(command, Setting.All.Where(s => Keys.Contains(s.Key) || s.Key is "state" or "threads"));
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                string? expected = parsed.GetValue(sha256)?.ToLowerInvariant();
                if (expected is not null && (expected.Length != Checksum.Digits || !expected.All(char.IsAsciiHexDigitLower)))
                {
                    Console.Error.WriteLine($"onlinerlhf: --sha256 takes {Checksum.Digits} hexadecimal digits");
                    return ExitCode.Usage;
                }
                string source = Path.GetFullPath(parsed.GetValue(file)!);
                ModelReport report = Inspect(settings, parsed, source, out DaemonOptions options);
                Print(report);
                if (report.ChatTemplateProblem is not null)
                    return ExitCode.Configuration;
                if (report.Files > 1)
                    throw new ConfigurationException(
                        $"{source} is split over {report.Files} files, of which this copies none: join them with llama-gguf-split --merge, "
                            + "or put all of them where the service may read them and set model to the first; nothing was changed"
                    );
                if (!report.Fits)
                {
                    Console.Error.WriteLine("onlinerlhf: the model does not fit this device; nothing was changed");
                    return ExitCode.Failure;
                }
                string state = Locations.Installed(options.State);
                var installation = new Installation(Path.Combine(state, "models"), settings.File(parsed));
                var trial = new Trial(state, options, report);
                string installed = await installation
                    .RunAsync(source, report.Fingerprint, expected, path => trial.RunAsync(path, cancellationToken), cancellationToken)
                    .ConfigureAwait(false);
                Console.WriteLine($"measured   {trial.Outcome}");
                Console.WriteLine($"installed  {installed}, named in {installation.Settings}");
                Console.WriteLine("next       start the daemon anew: sudo systemctl restart onlinerlhf.service");
                Console.WriteLine("learned    what was learned with another model stays where it is, and waits for that model.");
                if (Environment.GetEnvironmentVariable("ONLINERLHF_MODEL") is { Length: > 0 })
                    Console.Error.WriteLine("onlinerlhf: ONLINERLHF_MODEL is set here, and wins over the settings file where the daemon has it too");
                return ExitCode.Success;
            }
        );
        return command;
    }

    private static Argument<string> ModelFile()
    {
        var file = new Argument<string>("file") { Description = "a language model in GGUF format" };
        file.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is "")
                result.AddError("file is empty: give the path of a GGUF file");
        });
        return file;
    }

    private static ModelReport Inspect(SettingOptions settings, ParseResult parsed, string path, out DaemonOptions options)
    {
        // Open the file before reading the settings: its own reader explains best what is wrong with it. The model that the settings name now
        // may be gone.
        _ = Inference.Gguf.GgufFile.Open(path);
        options = settings.Read(parsed, KeyValuePair.Create("model", (string?)path));
        return ModelReport.Of(path, ModelInspection.Of(options.ForModel(path)), options.Candidates, DeviceMemory.Read());
    }

    private static void Print(ModelReport report)
    {
        foreach (string line in report.Lines())
            Console.WriteLine(line);
    }
}
