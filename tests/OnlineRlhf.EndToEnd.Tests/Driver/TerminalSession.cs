using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>A verb of the published program on a terminal of its own, by script of util-linux. Disposing kills it.</summary>
internal sealed class TerminalSession : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly Process _process;
    private readonly StringBuilder _sent = new();
    private readonly Task _reading;

    private TerminalSession(TempFolder folder, ProcessStartInfo start)
    {
        _folder = folder;
        _process = Process.Start(start)!;
        _reading = ReadAsync();
    }

    /// <summary>All that the terminal was sent.</summary>
    internal string Sent
    {
        get
        {
            lock (_sent)
                return _sent.ToString();
        }
    }

    internal VirtualScreen Screen => VirtualScreen.After(Sent);

    internal static TerminalSession Start(TempFolder folder, Variables environment, int width, int height, params string[] arguments)
    {
        // The program's own lines are followed by how it ended; the terminal's settings are noted before and after.
        string run =
            $"stty rows {height} cols {width}; tty > tty; stty -g > before; sh -c 'echo $$ > pid; exec \"$@\"' sh "
            + $"{string.Join(' ', arguments.Prepend(Published.Path).Select(a => $"'{a}'"))}; echo $? > code; stty -g > after";
        ProcessStartInfo start = Program.Describe(
            folder,
            [KeyValuePair.Create("TERM", "xterm-256color"), .. environment],
            ["-qfec", run, "/dev/null"]
        );
        start.FileName = "script";
        start.Environment["SHELL"] = "/bin/sh";
        return new TerminalSession(folder, start);
    }

    internal async Task PressAsync(string keys)
    {
        await _process.StandardInput.WriteAsync(keys);
        await _process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The program's process.</summary>
    internal int ProgramId => int.Parse(Note("pid"), CultureInfo.InvariantCulture);

    /// <summary>Closes the terminal, as a window is closed: the program runs on until it is told.</summary>
    internal void Close() => Posix.Signal(_process.Id, Posix.SigKill);

    internal void Signal(int signal) => Posix.Signal(ProgramId, signal);

    internal async Task ResizeAsync(int width, int height)
    {
        using Process stty = Process.Start("stty", ["-F", Note("tty"), "rows", $"{height}", "cols", $"{width}"]);
        await stty.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, stty.ExitCode);
    }

    /// <summary>Waits until the screen shows something.</summary>
    internal Task<string> UntilAsync(string text) => UntilAsync(screen => screen.Contains(text, StringComparison.Ordinal), text);

    internal async Task<string> UntilAsync(Func<string, bool> shows, string what)
    {
        for (long start = Stopwatch.GetTimestamp(); ; await Task.Delay(20, TestContext.Current.CancellationToken))
        {
            string screen = Screen.Text;
            if (shows(screen))
                return screen;
            if (_process.HasExited || Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(60))
                throw new TimeoutException($"The screen does not show \"{what}\" but:\n{screen}");
        }
    }

    /// <summary>How the program ended; the terminal must be as it was.</summary>
    internal async Task<int> WaitForExitAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        await _process.WaitForExitAsync(limit.Token);
        await _reading;
        Assert.Equal(Note("before"), Note("after"));
        return int.Parse(Note("code"), CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private string Note(string name) => File.ReadAllText(Path.Combine(_folder.Root, name)).Trim();

    private async Task ReadAsync()
    {
        char[] piece = new char[4096];
        while (await _process.StandardOutput.ReadAsync(piece) is > 0 and var length)
        {
            lock (_sent)
                _sent.Append(piece, 0, length);
        }
    }
}
