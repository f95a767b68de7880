using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using OnlineRlhf.Daemon.Cli.Doctor;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Http;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>onlinerlhf doctor: says what is fine, what is wrong and what to do. The exit code is 0 if all is fine, otherwise 1.</summary>
internal static class DoctorVerb
{
    internal static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "print findings as JSON" };
        var settings = new SettingOptions();
        var command = new Command(
            "doctor",
            "Look at model, engine, devices, buttons, socket, state, clock and service: what is wrong, and what to do."
        )
        {
            json,
        };
        settings.AddTo(command, Setting.All);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                List<Finding> findings = await ExamineAsync(() => settings.Read(parsed), cancellationToken).ConfigureAwait(false);
                if (parsed.GetValue(json))
                    Output.Json(JsonSerializer.Serialize(findings, DoctorJson.Default.ListFinding));
                else
                    findings.ForEach(f => Console.WriteLine($"{(f.Fine ? "fine " : "WRONG")}  {f.Part, -9} {f.Description}"));
                return findings.TrueForAll(f => f.Fine) ? ExitCode.Success : ExitCode.Failure;
            }
        );
        return command;
    }

    private static async Task<List<Finding>> ExamineAsync(Func<DaemonOptions> read, CancellationToken cancellationToken)
    {
        const string part = "settings";
        DaemonOptions options;
        try
        {
            options = read();
        }
        catch (ConfigurationException e)
        {
            // The other checks need valid settings.
            return [Finding.Wrong(part, e.Message)];
        }
        List<Finding> findings =
        [
            Settings.UnknownVariables().ToArray() is { Length: > 0 } unknown
                ? Finding.Wrong(part, $"{string.Join(", ", unknown)} in the environment is no setting: see onlinerlhf serve --help")
                : Finding.Good(part, File.Exists(Settings.DefaultFile) ? $"read, {Settings.DefaultFile} too" : "read"),
        ];
        HealthBody? running = null;
        string? unreachable = null;
        try
        {
            using var daemon = new DaemonClient(Locations.Connect(options.Socket));
            running = (await daemon.HealthAsync(cancellationToken).ConfigureAwait(false)).Health;
        }
        catch (DaemonUnreachableException e)
        {
            unreachable = e.Message;
        }
        findings.AddRange(new Examination(options, running, unreachable).Findings());
        return findings;
    }
}

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(List<Finding>))]
internal sealed partial class DoctorJson : JsonSerializerContext;
