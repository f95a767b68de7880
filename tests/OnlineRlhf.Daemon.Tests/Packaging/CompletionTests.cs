using System.CommandLine;
using System.Diagnostics;
using System.Text;

namespace OnlineRlhf.Daemon.Tests.Packaging;

/// <summary>The completion of bash is written from the commands.</summary>
public sealed class CompletionTests
{
    private const string File = "packaging/debian/completion.bash";

    [Fact]
    public void The_completion_says_what_the_commands_say()
    {
        var commands = new StringBuilder();
        var values = new StringBuilder();
        foreach (Commands command in Commands.All)
        {
            string words = string.Join(
                ' ',
                command.Command.Subcommands.Select(c => c.Name).Concat(command.Command.Arguments.SelectMany(Commands.Words))
            );
            string offered = words.Length > 0 ? $"words='{words}' " : "";
            commands.Append($"    '{command.Path}') {offered}options='{string.Join(' ', command.Options.Select(o => o.Name))}' ;;\n");
            foreach (Option option in command.Options.Where(o => Commands.Words(o).Length > 0))
                values.Append($"    '{command.Path} {option.Name}') words='{string.Join(' ', Commands.Words(option))}' ;;\n");
        }
        string paths = string.Join(" | ", Commands.All.Skip(1).Select(c => c.Path.Contains(' ') ? $"'{c.Path}'" : $"' {c.Path}'"));
        Checkout.MustSay(
            File,
            $$"""
            # bash completion for onlinerlhf. CompletionTests writes this file from the commands, where ONLINERLHF_WRITE_DOCS=1 is set.
            _onlinerlhf() {
              local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' words='' options='' word
              for word in "${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
                case "$command $word" in
                  {{paths}}) command=${command:+$command }$word ;;
                  *) break ;;
                esac
              done
              case $command in
            {{commands.ToString().TrimEnd('\n')}}
              esac
              case "$command $previous" in
            {{values.ToString().TrimEnd('\n')}}
              esac
              if [[ $current == -* ]]; then
                mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
              elif [ -n "$words" ]; then
                mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
              else
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
              fi
            }
            complete -o filenames -F _onlinerlhf onlinerlhf

            """
        );
    }

    [Fact]
    public async Task Bash_offers_every_option_of_every_command_and_no_other()
    {
        var script = new StringBuilder($"source '{Checkout.Path(File)}'\n");
        List<string> expected = [];
        foreach (Commands command in Commands.All)
        {
            Add($"{command.Path} --", command.Options.Select(o => o.Name));
            if (command.Command.Subcommands.Count > 0)
                Add($"{command.Path} ''", command.Command.Subcommands.Select(c => c.Name));
        }
        Add("prefer ''", PreferenceWords.Arguments.Order(StringComparer.Ordinal));
        Add("prefer s", ["second", "skip"]);
        Add("ask --ask ''", ["always", "never", "when-useful"]);
        Add("ask --profile anna --ask w", ["when-useful"]);

        Assert.Equal(expected, await RunAsync(script.ToString()));

        void Add(string words, IEnumerable<string> offered)
        {
            script.Append(
                $"COMP_WORDS=(onlinerlhf {words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _onlinerlhf; echo \"{words}: ${{COMPREPLY[*]}}\"\n"
            );
            expected.Add($"{words}: {string.Join(' ', offered)}");
        }
    }

    private static async Task<string[]> RunAsync(string script)
    {
        var start = new ProcessStartInfo("bash", ["--norc", "-u", "-c", script]) { RedirectStandardOutput = true };
        using Process bash = Process.Start(start)!;
        string printed = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        return printed.TrimEnd('\n').Split('\n');
    }
}
