using System.CommandLine;
using OnlineRlhf.Daemon.Configuration;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>The settings as flags of a command, and the flag --config.</summary>
internal sealed class SettingOptions
{
    private readonly List<(Setting Setting, Option<string> Option)> _flags = [];
    private readonly Option<string> _file = new("--config") { Description = $"settings file; without it {Settings.DefaultFile}, where it exists" };

    /// <summary>The values of settings that are not given, where they differ from the daemon's.</summary>
    internal Func<DaemonOptions>? Defaults { get; init; }

    internal void AddTo(Command command, IEnumerable<Setting> settings)
    {
        foreach (Setting setting in settings)
        {
            var option = new Option<string>(setting.Flag) { Description = $"{setting.Description} [{setting.Variable}]" };
            _flags.Add((setting, option));
            command.Add(option);
        }
        command.Add(_file);
    }

    /// <summary>The settings file that the user named, or the default one.</summary>
    internal string File(ParseResult parsed) => Path.GetFullPath(parsed.GetValue(_file) ?? Settings.DefaultFile);

    internal DaemonOptions Read(ParseResult parsed, params KeyValuePair<string, string?>[] more) =>
        Settings.Read(
            [.. _flags.Select(f => KeyValuePair.Create(f.Setting.Key, parsed.GetValue(f.Option))).Where(p => p.Value is not null), .. more],
            parsed.GetValue(_file),
            Defaults?.Invoke()
        );
}
