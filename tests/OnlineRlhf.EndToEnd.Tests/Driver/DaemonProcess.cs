using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>A running <c>onlinerlhf serve</c>. Disposing kills it.</summary>
internal sealed partial class DaemonProcess : IAsyncDisposable
{
    /// <summary>Opens a socket and starts a program at its first connection, as systemd does.</summary>
    internal const string Activator = "/usr/bin/systemd-socket-activate";

    private static readonly Lazy<string?> CpuVariant = new(UsualCpuVariant);
    private readonly Process _process;
    private readonly StringBuilder _log = new();

    private DaemonProcess(TempFolder folder, ProcessStartInfo start)
    {
        Started = Stopwatch.GetTimestamp();
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _process.StandardInput.Close();
        Client = new Client(folder.Socket);
    }

    /// <summary>Talks to it.</summary>
    internal Client Client { get; }

    /// <summary>The first address that it listens on over TCP, once it has said so.</summary>
    internal IPEndPoint Address => IPEndPoint.Parse(SaidAddress().Match(Log).Groups[1].Value);

    /// <summary>Talks to it over TCP.</summary>
    internal Client Over(string? key) => new(Address, key);

    /// <summary>A number of its metrics.</summary>
    internal async Task<long> CountAsync(string metric)
    {
        string metrics = (await Client.GetAsync("/metrics")).Body;
        string line = metrics.Split('\n').Single(l => l.StartsWith($"onlinerlhf_{metric} ", StringComparison.Ordinal));
        return long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    /// <summary>Makes a key and talks to it over TCP with that.</summary>
    internal async Task<(string Key, Client Client)> JoinAsync(string name, string more = "")
    {
        Reply made = await Client.PostAsync("/v1/keys", $$"""{"name": "{{name}}"{{more}}}""");
        Assert.True(made.Status == 201, made.Body);
        string key = made.Json.GetProperty("key").GetString()!;
        return (key, Over(key));
    }

    /// <summary>The build of the CPU backend that daemons use unless they measure; null for the usual one.</summary>
    internal static string? Variant => CpuVariant.Value;

    internal int Id => _process.Id;

    internal long Started { get; }

    internal bool HasExited => _process.HasExited;

    /// <summary>Everything it has printed.</summary>
    internal string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    /// <summary>
    /// Starts it; the model still loads. The build of the CPU backend is named: each start would measure builds first, for a second or two.
    /// </summary>
    internal static DaemonProcess Start(TempFolder folder, params string[] arguments) => Start(folder, [], arguments);

    internal static DaemonProcess Start(TempFolder folder, Variables environment, params string[] arguments) =>
        StartMeasuring(
            folder,
            environment,
            arguments.Contains("--cpu-variant") || CpuVariant.Value is not { } variant ? arguments : ["--cpu-variant", variant, .. arguments]
        );

    /// <summary>Starts it as it is started for the first time: it measures which build of the CPU backend is the fastest.</summary>
    internal static DaemonProcess StartMeasuring(TempFolder folder, Variables environment, params string[] arguments) =>
        new(folder, Program.Describe(folder, environment, ["serve", "--threads", "1", .. arguments]));

    /// <summary>Starts the one for arm64 under an emulator.</summary>
    internal static DaemonProcess StartEmulated(TempFolder folder, string emulator, string libraries)
    {
        ProcessStartInfo start = Program.Describe(folder, [], ["-L", libraries, Published.Arm64Path, "serve", "--threads", "1"]);
        start.FileName = emulator;
        return new DaemonProcess(folder, start);
    }

    /// <summary>Starts it as a service manager does that has opened its sockets: at the first connection.</summary>
    internal static DaemonProcess StartActivated(TempFolder folder, params string[] addresses)
    {
        ProcessStartInfo start = Program.Describe(
            folder,
            [],
            [
                .. addresses.SelectMany(a => (string[])["-l", a]),
                "-l",
                folder.Socket,
                "-E",
                "RUNTIME_DIRECTORY",
                "-E",
                "STATE_DIRECTORY",
                Published.Path,
                "serve",
                "--threads",
                "1",
            ]
        );
        start.FileName = Activator;
        return new DaemonProcess(folder, start);
    }

    /// <summary>Starts it with a limit on the size of every file that it writes.</summary>
    internal static DaemonProcess StartLimited(TempFolder folder, int fileBytes) =>
        // A shell of POSIX counts in blocks of 512 bytes.
        StartInShell(folder, $"ulimit -f {fileBytes / 512}; exec \"$@\"");

    /// <summary>Starts it with a limit on the files that it has open.</summary>
    internal static DaemonProcess StartWithFewFiles(TempFolder folder, int files, params string[] arguments) =>
        StartInShell(folder, $"ulimit -n {files}; exec \"$@\"", arguments);

    /// <summary>The build that doctor names; null where it names none.</summary>
    private static string? UsualCpuVariant()
    {
        using var folder = new TempFolder();
        ProcessStartInfo start = Program.Describe(folder, [], ["doctor"]);
        using Process doctor = Process.Start(start)!;
        doctor.StandardInput.Close();
        doctor.ErrorDataReceived += (_, _) => { };
        doctor.BeginErrorReadLine();
        Match named = NamedVariant().Match(doctor.StandardOutput.ReadToEnd());
        doctor.WaitForExit();
        return named.Success ? named.Groups[1].Value : null;
    }

    [GeneratedRegex(@"Listening on (\S+:\d+) too")]
    private static partial Regex SaidAddress();

    [GeneratedRegex(@"CPU backend ([\w.]+)")]
    private static partial Regex NamedVariant();

    private static DaemonProcess StartInShell(TempFolder folder, string script, params string[] arguments)
    {
        ProcessStartInfo start = Program.Describe(folder, [], ["-c", script, "sh", Published.Path, "serve", "--threads", "1", .. arguments]);
        start.FileName = "/bin/sh";
        return new DaemonProcess(folder, start);
    }

    /// <summary>The processor time that it has used.</summary>
    internal TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts it and waits until its model answers.</summary>
    internal static async Task<DaemonProcess> StartReadyAsync(TempFolder folder, params string[] arguments)
    {
        DaemonProcess daemon = Start(folder, arguments);
        await daemon.WaitUntilReadyAsync();
        return daemon;
    }

    /// <summary>Waits until somebody can connect.</summary>
    internal async Task WaitUntilConnectableAsync()
    {
        while (!await Client.CanConnectAsync())
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(Started) > Program.Patience)
                throw new InvalidOperationException($"The daemon does not listen. It printed: {Log}");
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
    }

    internal async Task WaitUntilReadyAsync()
    {
        await WaitUntilConnectableAsync();
        while (true)
        {
            Reply health = await Client.GetAsync("/health");
            if (health.Status == 200)
                return;
            if (_process.HasExited || Stopwatch.GetElapsedTime(Started) > Program.Patience)
                throw new InvalidOperationException($"The daemon's model does not answer. It printed: {Log}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    internal void Terminate() => Posix.Signal(_process.Id, Posix.SigTerm);

    /// <summary>SIGKILL, and waits until the kernel has cleaned up.</summary>
    internal async Task KillAsync()
    {
        Posix.Signal(_process.Id, Posix.SigKill);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>SIGTERM, and how it ended.</summary>
    internal async Task<(int ExitCode, TimeSpan Took)> StopAsync()
    {
        long start = Stopwatch.GetTimestamp();
        Terminate();
        int code = await WaitForExitAsync();
        return (code, Stopwatch.GetElapsedTime(start));
    }

    internal async Task<int> WaitForExitAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Program.Patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The daemon does not end. It printed: {Log}");
        }
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null)
            return;
        lock (_log)
            _log.Append(line.Data).Append('\n');
    }
}
