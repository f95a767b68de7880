using System.CommandLine;
using System.CommandLine.Completions;
using OnlineRlhf.Daemon.Cli;
using OnlineRlhf.Daemon.Configuration;

namespace OnlineRlhf.Daemon.Tests.Packaging;

/// <summary>A command of the program, as its manual and its completion tell of it.</summary>
/// <param name="Path">Its words after the program's name, such as "model check"; empty for the program itself.</param>
/// <param name="Command">The command.</param>
/// <param name="Inherited">The options that it has from the commands above it, such as --help.</param>
internal sealed record Commands(string Path, Command Command, IReadOnlyList<Option> Inherited)
{
    /// <summary>The program and all of its commands, each before its parts.</summary>
    internal static IReadOnlyList<Commands> All { get; } = [.. Under("", CommandTree.Create(), [])];

    /// <summary>Those that do something themselves.</summary>
    internal static IEnumerable<Commands> Verbs => All.Where(c => c.Command.Subcommands.Count == 0);

    /// <summary>The options that its help shows.</summary>
    internal IEnumerable<Option> Options => Command.Options.Concat(Inherited).Where(o => !o.Hidden);

    /// <summary>The settings among its options.</summary>
    internal IEnumerable<Setting> Settings =>
        Setting.All.Where(s => Options.Any(o => o.Name == s.Flag && o.Description!.EndsWith($"[{s.Variable}]", StringComparison.Ordinal)));

    /// <summary>Its options that are no settings.</summary>
    internal IEnumerable<Option> Own => Options.Where(o => Settings.All(s => s.Flag != o.Name));

    /// <summary>The words that an option or an argument takes, where it takes only some.</summary>
    internal static string[] Words(Symbol symbol) =>
        symbol is Option { ValueType: var type } && type != typeof(string) || symbol is Argument { ValueType: var other } && other != typeof(string)
            ? []
            : [.. symbol.GetCompletions(CompletionContext.Empty).Select(c => c.Label)];

    private static IEnumerable<Commands> Under(string path, Command command, IReadOnlyList<Option> inherited)
    {
        Option[] handedOn = [.. command.Options.Concat(inherited).Where(o => o.Recursive)];
        return command
            .Subcommands.SelectMany(c => Under($"{path} {c.Name}".TrimStart(), c, handedOn))
            .Prepend(new Commands(path, command, inherited));
    }
}
