using System.Text.RegularExpressions;
using OnlineRlhf.Rounds.Tests;

namespace OnlineRlhf.EndToEnd.Tests.CommandLine;

/// <summary>The calls that the documentation shows work as they stand there, with curl.</summary>
public sealed partial class DocumentedCallsTests(TcpDaemon daemon) : IClassFixture<TcpDaemon>
{
    // A call that fails ends the page. What a reader fills in by hand comes from the last response.
    private const string Reader = """
        set -eu
        curl() {
          local status
          LAST=$(command curl --silent --show-error --write-out '\n%{http_code}' "$@") || [ $? = 28 ]
          status=${LAST##*$'\n'}
          [ "$status" -lt 400 ] || { printf '%s\n' "curl $*" "$LAST"; exit 1; }
          printf '%s\n' "$LAST"
        }
        sudo() { shift; "$PROGRAM" "$@" --socket "$S"; }
        last_id() { printf '%s' "$LAST" | grep -oE '"(round|id)":"[0-9a-f-]{36}"' | head -n 1 | cut -d '"' -f 4; }

        """;

    [PublishedTheory]
    [InlineData("README.md")]
    [InlineData("docs/http-api.md")]
    [InlineData("docs/openai.md")]
    public async Task Every_call_of_the_page_works(string page)
    {
        string[] blocks = [.. Shell().Matches(Checkout.Read(page)).Select(m => m.Groups[1].Value).Where(b => b.Contains("curl ", Ordinal))];
        Assert.NotEmpty(blocks);
        string script = string.Join('\n', blocks);
        script = Socket().Replace(script, $"S={daemon.Folder.Socket}");
        script = script.Replace("ID=…", "ID=$(last_id)", Ordinal).Replace("127.0.0.1:8765", daemon.Process.Address.ToString(), Ordinal);
        script = $"PROGRAM={Published.Path}\nKEY={daemon.Key}\nS={daemon.Folder.Socket}\n{script}";
        string path = Path.Combine(daemon.Folder.Root, "calls.sh");
        await File.WriteAllTextAsync(path, Reader + script);
        Program.Ended ended = await Program.RunAsync("bash", daemon.Folder, [], null, path);
        Assert.True(ended.ExitCode == 0, ended.Output + ended.Errors);
    }

    private const StringComparison Ordinal = StringComparison.Ordinal;

    [GeneratedRegex(@"^```sh\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Shell();

    [GeneratedRegex(@"^S=\S+", RegexOptions.Multiline)]
    private static partial Regex Socket();
}
