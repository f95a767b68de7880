using System.Text;

namespace OnlineRlhf.EndToEnd.Tests.Taste;

/// <summary>Nothing that was said is kept: not in the state, not in a log line, also when requests go wrong.</summary>
public sealed class PrivacyTests
{
    private const string Marker = "zebrafinch";

    [PublishedFact]
    public async Task No_word_of_a_request_or_an_answer_is_found_on_the_disk_or_in_the_log()
    {
        using var folder = new TempFolder();
        HashSet<string> said = [Marker];
        await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder))
        {
            for (int n = 0; n < 12; n++)
            {
                Reply round = await daemon.Client.AskForTwoAsync($"Can you tell me about the moon and the {Marker}?", "person");
                await daemon.Client.PreferAsync(round.Id, n % 2 == 0 ? "first" : "second");
                said.UnionWith(
                    $"{round.First} {round.Second}"
                        .Split([' ', '\n', '.', ',', '!', '?'], StringSplitOptions.RemoveEmptyEntries)
                        .Where(w => w.Length >= 7)
                );
            }
            await daemon.Client.PostAsync("/v1/rounds", $$"""{"messages": [{"role": "user", "content": "{{Marker}}"}], "{{Marker}}": 1}""");
            await daemon.Client.PostAsync("/v1/rounds", $$"""{"messages": "{{Marker}}"}""");
            await daemon.Client.PostAsync(
                "/v1/rounds",
                $$"""{"messages": [{"role": "{{Marker}}", "content": "{{Marker}}"}], "profile": "{{Marker}} {{Marker}}"}"""
            );
            await daemon.Client.PostAsync("/v1/rounds", $"{Marker} {{");
            await daemon.Client.AskAsync(string.Join(' ', Enumerable.Repeat(Marker, 5_000)));
            await daemon.Client.GetAsync($"/{Marker}");
            await daemon.StopAsync();

            Assert.DoesNotContain(said, word => daemon.Log.Contains(word, StringComparison.OrdinalIgnoreCase));
        }
        Assert.True(said.Count > 5, "Too few words to look for.");
        foreach ((string path, byte[] bytes) in folder.StateFiles())
        {
            Assert.DoesNotContain(said, word => path.Contains(word, StringComparison.OrdinalIgnoreCase));
            foreach (Encoding encoding in new[] { Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode })
                Assert.DoesNotContain(said, word => bytes.AsSpan().IndexOf(encoding.GetBytes(word)) >= 0);
        }
    }

    [PublishedFact]
    public async Task The_state_is_readable_by_its_owner_alone()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        await daemon.Client.PreferAsync((await daemon.Client.AskForTwoAsync()).Id, "first");

        const UnixFileMode others =
            UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(folder.State) & others);
        Assert.NotEmpty(Directory.EnumerateFiles(folder.State, "*.db", SearchOption.AllDirectories));
    }
}
