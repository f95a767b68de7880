using System.CommandLine;
using System.Text;
using System.Text.RegularExpressions;
using OnlineRlhf.Daemon.Configuration;

namespace OnlineRlhf.Daemon.Tests.Packaging;

/// <summary>The manual's options and settings are written from the commands and the table of settings; the rest of it names nothing else.</summary>
public sealed partial class ManualTests
{
    private const string File = "packaging/debian/onlinerlhf.1",
        Begin = ".\\\" From here, ManualTests writes what the program says, where ONLINERLHF_WRITE_DOCS=1 is set.\n",
        End = ".\\\" Up to here.\n";

    [Fact]
    public void The_manual_says_what_the_commands_and_the_settings_say()
    {
        string page = Checkout.Read(File);
        int begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length,
            end = page.IndexOf(End, StringComparison.Ordinal);
        Checkout.MustSay(File, page[..begin] + Options() + SettingList() + page[end..]);
    }

    [Fact]
    public void Each_command_is_described_once_and_no_other()
    {
        string described = Plain(Checkout.Read(File)).Split(".SH COMMANDS\n")[1].Split(".SH")[0];
        string[] paths = [.. Command().Matches(described).Select(m => m.Groups[1].Value)];
        Assert.Equal(Commands.Verbs.Select(c => c.Path).Order(StringComparer.Ordinal), paths.Select(Verb).Order(StringComparer.Ordinal));

        static string Verb(string line) =>
            Commands.Verbs.Select(c => c.Path).SingleOrDefault(p => line == p || line.StartsWith(p + " ", StringComparison.Ordinal))
            ?? $"no command: {line}";
    }

    [Fact]
    public void No_option_and_no_variable_is_named_that_the_program_does_not_know()
    {
        string page = Plain(Checkout.Read(File));
        HashSet<string> options = [.. Commands.All.SelectMany(c => c.Options).Select(o => o.Name)];
        Assert.All(Option().Matches(page), m => Assert.Contains(m.Value, options));
        Assert.All(options, o => Assert.Contains(o, page, StringComparison.Ordinal));
        HashSet<string> variables = [.. Setting.All.Select(s => s.Variable)];
        Assert.All(Variable().Matches(page), m => Assert.Contains(m.Value, variables));
        Assert.All(variables, v => Assert.Contains(v, page, StringComparison.Ordinal));
    }

    private static string Options()
    {
        var text = new StringBuilder(".SH OPTIONS\nEvery command takes\n.BR \\-\\-help ,\nand the program itself\n.BR \\-\\-version .\n");
        foreach (Commands command in Commands.Verbs)
        {
            text.Append($".SS {command.Path}\n");
            foreach (Argument argument in command.Command.Arguments)
                text.Append($".TP\n.I {Escape(argument.Name)}\n{Escape(argument.Description!)}\n");
            foreach (Option option in command.Own.Where(o => o.Name != "--help"))
                text.Append(
                    $".TP\n.B {Escape(option.Name)}{(option.ValueType == typeof(bool) ? "" : " \\fIVALUE\\fR")}\n{Escape(option.Description!)}\n"
                );
            string[] flags = [.. command.Settings.Select(s => Escape(s.Flag))];
            if (flags.Length > 0)
                text.Append($".TP\nsettings\n{(flags.Length == Setting.All.Count ? "all of them" : string.Join(", ", flags))}\n");
        }
        return text.ToString();
    }

    private static string SettingList()
    {
        var text = new StringBuilder(
            $"""
            .SH SETTINGS
            A flag wins over the environment, the environment over the file
            .IR {Settings.DefaultFile} ,
            or the one that \-\-config names.
            A setting has one name: the file writes it as it stands here, a flag with dashes, the environment in capitals.

            """
        );
        foreach (Setting setting in Setting.All)
        {
            string range = setting.Range.Length > 0 ? $". Range: {setting.Range}" : "";
            text.Append(
                $".TP\n.B {setting.Key}\\fR, \\fB{Escape(setting.Flag)}\\fR, \\fB{setting.Variable}\n{Escape(setting.Description + range)}\n"
            );
        }
        return text.ToString();
    }

    private static string Escape(string text)
    {
        string escaped = text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal);
        return escaped[0] is '.' or '\'' ? "\\&" + escaped : escaped;
    }

    /// <summary>The page without its comments and fonts.</summary>
    private static string Plain(string page) => Font().Replace(Comment().Replace(page, ""), "").Replace("\\-", "-", StringComparison.Ordinal);

    [GeneratedRegex(@"^\.\\"".*\n", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\\f[BIR]")]
    private static partial Regex Font();

    [GeneratedRegex(@"\.TP\n\.B (.+)\n")]
    private static partial Regex Command();

    [GeneratedRegex("(?<![a-z0-9-])--[a-z][a-z0-9-]*")]
    private static partial Regex Option();

    [GeneratedRegex("ONLINERLHF_[A-Z_]*[A-Z]")]
    private static partial Regex Variable();
}
