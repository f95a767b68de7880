using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.Tcp;

/// <summary>onlinerlhf key, and who may use it. What was acknowledged survives kills and full disks.</summary>
public sealed class KeyTests
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        Everybody = Owner | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite,
        Enter = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    [PublishedFact]
    public async Task A_key_is_printed_once_alone_and_works_until_it_is_removed()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--listen", TcpDaemon.AnyPort);
        Assert.Contains("There is no key", (await Program.RunAsync(folder, "key", "list")).Output, StringComparison.Ordinal);
        Program.Ended added = await Program.RunAsync(folder, "key", "add", "anna");
        Assert.True(added.ExitCode == 0, added.Errors);
        Assert.Matches("^orlhf-[A-Za-z0-9_-]{43}\n$", added.Output);
        Assert.Contains("anna", Assert.Single(added.ErrorLines), StringComparison.Ordinal);
        string key = added.Output.Trim();
        Assert.DoesNotContain(key, added.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await Program.RunAsync(folder, "key", "add", "house", "--profile", "default", "--any-profile", "--no-talk")).ExitCode);

        using Client anna = daemon.Over(key);
        Reply round = await anna.PostAsync("/v1/rounds", """{"messages": [{"role": "user", "content": "How do I make tea?"}]}""");
        Assert.Equal("anna", round.Json.GetProperty("profile").GetString());
        (await anna.AskAsync("How do I make tea?", "ben")).MustBeProblem(403, "anna");

        Program.Ended list = await Program.RunAsync(folder, "key", "list");
        Assert.Equal(2, list.Output.Trim().Split('\n').Length);
        Assert.Matches(@"anna +profile anna, made on \d{4}-\d\d-\d\d\n", list.Output);
        Assert.Contains("may name other profiles, its talk teaches nothing", list.Output, StringComparison.Ordinal);
        JsonElement keys = JsonSerializer.Deserialize<JsonElement>((await Program.RunAsync(folder, "key", "list", "--json")).Output);
        Assert.Equal(["anna", "house"], keys.GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("name").GetString()!));
        Assert.DoesNotContain(key, list.Output + keys, StringComparison.Ordinal);

        Assert.Equal(0, (await Program.RunAsync(folder, "key", "remove", "anna")).ExitCode);
        (await anna.GetAsync("/health")).MustBeProblem(401);
        Program.Ended gone = await Program.RunAsync(folder, "key", "remove", "anna");
        Assert.Equal(1, gone.ExitCode);
        Assert.Contains("no key of this name", gone.Errors, StringComparison.Ordinal);
        Assert.Equal(Owner, File.GetUnixFileMode(Path.Combine(folder.State, "keys")));
    }

    [PublishedFact]
    public async Task Wrong_names_and_too_many_keys_are_refused_in_words()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        foreach (string name in (string[])["", " ", "-", "a b", "anna/ben", "../keys", "änna", "a\nb", "\u202Eanna", new string('a', 65)])
        {
            Reply refused = await daemon.Client.PostAsync("/v1/keys", $$"""{"name": {{JsonSerializer.Serialize(name)}}}""");
            refused.MustBeProblem(400, "name must be");
            Assert.Contains((await daemon.Client.DeleteAsync($"/v1/keys/{Uri.EscapeDataString(name)}")).Status, new[] { 404, 405 });
        }
        (await daemon.Client.PostAsync("/v1/keys", """{"name": "anna", "profile": "../x"}""")).MustBeProblem(400, "profile");
        (await daemon.Client.PostAsync("/v1/keys", """{"name": "anna", "profil": "ben"}""")).MustBeProblem(400, "unknown name");
        (await daemon.Client.PostAsync("/v1/keys", "{}")).MustBeProblem(400, "name must be");
        Program.Ended odd = await Program.RunAsync(folder, "key", "add", "a b");
        Assert.Equal((1, ""), (odd.ExitCode, odd.Output));

        for (int i = 0; i < 64; i++)
            Assert.Equal(201, (await daemon.Client.PostAsync("/v1/keys", $$"""{"name": "k{{i}}"}""")).Status);
        (await daemon.Client.PostAsync("/v1/keys", """{"name": "k64"}""")).MustBeProblem(409, "64 keys");
        (await daemon.Client.PostAsync("/v1/keys", """{"name": "k7"}""")).MustBeProblem(409, "already");
        Assert.Equal(64, (await daemon.Client.GetAsync("/v1/keys")).Json.GetProperty("keys").GetArrayLength());
    }

    [PublishedFact]
    public async Task Only_root_the_daemon_s_user_and_one_group_may_make_keys()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/usr/bin/setpriv"), "Only root may become another user.");
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--control-group", "users");
        File.SetUnixFileMode(folder.Root, Everybody | Enter);
        File.SetUnixFileMode(folder.Runtime, Everybody | Enter);
        File.SetUnixFileMode(folder.Socket, Everybody);
        string users = File.ReadLines("/etc/group").Single(l => l.StartsWith("users:", StringComparison.Ordinal)).Split(':')[2];

        Assert.Contains("\"forbidden\"", await AddAsync("stranger", "--clear-groups", "--regid", "65534"), StringComparison.Ordinal);
        Assert.Contains("\"key\":\"orlhf-", await AddAsync("member", "--groups", users, "--regid", "65534"), StringComparison.Ordinal);
        Assert.Contains("\"key\":\"orlhf-", await AddAsync("primary", "--clear-groups", "--regid", users), StringComparison.Ordinal);
        // Whoever may connect may ask; that needs no key.
        Assert.Contains("\"ready\"", await CurlAsync(["--clear-groups", "--regid", "65534"], "http://localhost/health"), StringComparison.Ordinal);

        Task<string> AddAsync(string name, params string[] who) => CurlAsync(who, "http://localhost/v1/keys", "-d", $$"""{"name": "{{name}}"}""");

        async Task<string> CurlAsync(string[] who, params string[] what) =>
            (
                await Program.RunAsync(
                    "setpriv",
                    folder,
                    [],
                    null,
                    ["--reuid", "65534", .. who, "curl", "--silent", "--unix-socket", folder.Socket, .. what]
                )
            ).Output;
    }

    [PublishedFact]
    public async Task An_unknown_group_stops_the_start()
    {
        using var folder = new TempFolder();
        Program.Ended ended = await Program.RunAsync(folder, "serve", "--control-group", "no-such-group");
        Assert.Equal(78, ended.ExitCode);
        Assert.Contains("no-such-group", Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task A_kill_at_the_acknowledgement_loses_no_key()
    {
        using var folder = new TempFolder();
        List<string> keys = [];
        for (int start = 0; start < 4; start++)
        {
            await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--listen", TcpDaemon.AnyPort);
            foreach (string key in keys)
            {
                using Client client = daemon.Over(key);
                Assert.Equal(200, (await client.GetAsync("/health")).Status);
            }
            for (int n = 0; n < 3; n++)
            {
                (string key, Client client) = await daemon.JoinAsync($"k{keys.Count}");
                client.Dispose();
                keys.Add(key);
            }
            // One more is on its way when the process ends: it is there as a whole, or not at all.
            Task<Reply> last = daemon.Client.PostAsync("/v1/keys", $$"""{"name": "late{{start}}"}""");
            await daemon.KillAsync();
            await last.ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    [PublishedFact]
    public async Task A_file_that_cannot_be_written_loses_no_key()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--listen", TcpDaemon.AnyPort);
        (string key, Client anna) = await daemon.JoinAsync("anna");
        using Client client = anna;
        Posix.LimitFileSize(daemon.Id, 10);
        (await daemon.Client.PostAsync("/v1/keys", """{"name": "ben"}""")).MustBeProblem(507, "keys", "space");
        (await daemon.Client.DeleteAsync("/v1/keys/anna")).MustBeProblem(507);
        Assert.Equal(200, (await client.GetAsync("/health")).Status);
        Posix.LimitFileSize(daemon.Id, long.MaxValue);
        Assert.Equal(201, (await daemon.Client.PostAsync("/v1/keys", """{"name": "ben"}""")).Status);
        await daemon.KillAsync();

        await using DaemonProcess again = await DaemonProcess.StartReadyAsync(folder, "--listen", TcpDaemon.AnyPort);
        using Client same = again.Over(key);
        Assert.Equal(200, (await same.GetAsync("/health")).Status);
        Assert.Equal(2, (await again.Client.GetAsync("/v1/keys")).Json.GetProperty("keys").GetArrayLength());
    }

    [PublishedFact]
    public async Task A_damaged_file_refuses_every_key_says_what_to_do_and_leaves_the_Unix_socket_alone()
    {
        using var folder = new TempFolder();
        string key,
            path = Path.Combine(folder.State, "keys");
        await using (DaemonProcess first = await DaemonProcess.StartReadyAsync(folder, "--listen", TcpDaemon.AnyPort))
        {
            (key, Client anna) = await first.JoinAsync("anna");
            anna.Dispose();
            Assert.Equal(0, (await first.StopAsync()).ExitCode);
        }
        byte[] whole = File.ReadAllBytes(path);
        File.WriteAllBytes(path, whole[..^10]);

        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--listen", TcpDaemon.AnyPort);
        Assert.Contains("No key is accepted", daemon.Log, StringComparison.Ordinal);
        using Client client = daemon.Over(key);
        (await client.GetAsync("/health")).MustBeProblem(500);
        Program.Ended list = await Program.RunAsync(folder, "key", "list"),
            add = await Program.RunAsync(folder, "key", "add", "ben");
        Assert.Equal((1, 1, ""), (list.ExitCode, add.ExitCode, add.Output));
        Assert.Contains("delete it", list.Errors, StringComparison.Ordinal);
        Assert.Equal(200, (await daemon.Client.GetAsync("/health")).Status);
        Assert.Equal(whole[..^10], File.ReadAllBytes(path));
        // Put back, it serves without a restart.
        File.WriteAllBytes(path, whole);
        Assert.Equal(200, (await client.GetAsync("/health")).Status);
    }
}
