using System.CommandLine;
using OnlineRlhf.Daemon.Configuration;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>The settings as flags of a verb, and --config.</summary>
internal sealed class SettingOptions
{
    private readonly List<(Setting Setting, Option<string> Option)> _flags = [];
    private readonly Option<string> _file = new("--config") { Description = $"settings file; without it {Settings.DefaultFile}, where it exists" };

    internal void AddTo(Command command, IEnumerable<Setting> settings)
    {
        foreach (Setting setting in settings)
        {
            var option = new Option<string>(setting.Flag) { Description = $"{setting.Says} [{setting.Variable}]" };
            _flags.Add((setting, option));
            command.Add(option);
        }
        command.Add(_file);
    }

    internal DaemonOptions Read(ParseResult parsed) => Settings.Read(
        _flags.Select(f => KeyValuePair.Create(f.Setting.Key, parsed.GetValue(f.Option))).Where(p => p.Value is not null), parsed.GetValue(_file));
}
