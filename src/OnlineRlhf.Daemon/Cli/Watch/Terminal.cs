using System.Runtime.InteropServices;
using System.Text;

namespace OnlineRlhf.Daemon.Cli.Watch;

/// <summary>
/// Uses the terminal as a screen: its alternate screen without a cursor, and keys as they are pressed. Disposing restores the terminal.
/// </summary>
/// <remarks>This class does not use System.Console, which sends codes to the terminal that it does not undo.</remarks>
internal sealed unsafe partial class Terminal : IDisposable
{
    // The Linux console has no alternate screen, so Leave also clears it rather than leave a half-drawn one.
    private const string Enter = "\e[?1049h\e[?25l\e[?7l\e[2J",
        Leave = "\e[0m\e[?7h\e[2J\e[H\e[?25h\e[?1049l";

    // struct termios of glibc and musl on x64 and arm64: four words of flags, one byte, 32 control characters, two words.
    private const int TermiosBytes = 60,
        LocalFlagsAt = 12;
    private const uint Canonical = 2,
        Echo = 8;
    private const int Input = 0,
        Output = 1,
        AtOnce = 0,
        InterruptedCall = 4,
        SigStop = 19;
    private const ulong GetWindowSize = 0x5413;

    private readonly Lock _gate = new();
    private readonly byte[]? _before;
    private readonly bool _styles;
    private ScreenLine[] _shown = [];
    private bool _inside;

    internal Terminal(bool styles)
    {
        _styles = styles;
        byte[] settings = new byte[TermiosBytes];
        fixed (byte* at = settings)
            _before = tcgetattr(Input, at) == 0 ? settings : null;
        Resume();
    }

    /// <summary>Whether keys can be read from the terminal.</summary>
    internal bool HasKeys => _before is not null;

    internal static (int Width, int Height) Size
    {
        get
        {
            ushort* size = stackalloc ushort[4];
            // The terminal on a serial line does not know its size.
            return ioctl(Output, GetWindowSize, size) == 0 && size[0] > 0 && size[1] > 0 ? (size[1], size[0]) : (80, 24);
        }
    }

    /// <summary>Draws the lines that have changed, or all lines.</summary>
    internal void Show(IReadOnlyList<ScreenLine> lines, bool anew)
    {
        lock (_gate)
        {
            if (!_inside)
                return;
            anew |= _shown.Length != lines.Count;
            StringBuilder drawn = new(anew ? "\e[2J" : "");
            for (int i = 0; i < lines.Count; i++)
            {
                if (!anew && _shown[i] == lines[i])
                    continue;
                (string on, string off) = lines[i].Emphasis switch
                {
                    Emphasis.Strong when _styles => ("\e[1m", "\e[0m"),
                    Emphasis.Faint when _styles => ("\e[2m", "\e[0m"),
                    _ => ("", ""),
                };
                drawn.Append(System.Globalization.CultureInfo.InvariantCulture, $"\e[{i + 1};1H\e[2K{on}{lines[i].Text}{off}");
            }
            _shown = [.. lines];
            Write(drawn.ToString());
        }
    }

    /// <summary>Reads keys until the caller cancels or the terminal is closed. Blocks its thread.</summary>
    internal void ReadKeys(Action<char> pressed, CancellationToken cancellationToken)
    {
        const short readable = 1;
        var keys = new KeyReader();
        byte* sent = stackalloc byte[64];
        while (!cancellationToken.IsCancellationRequested)
        {
            var wanted = new Poll { File = Input, Events = readable };
            int ready = poll(&wanted, 1, 200);
            KeepKeys();
            if (ready == 0 || (ready < 0 && Marshal.GetLastPInvokeError() == InterruptedCall))
                continue;
            nint length = ready < 0 ? -1 : read(Input, sent, 64);
            if (length < 0 && Marshal.GetLastPInvokeError() == InterruptedCall)
                continue;
            if (length <= 0)
                return;
            for (int i = 0; i < length; i++)
            {
                if (keys.Read(sent[i]) is { } key)
                    pressed(key);
            }
        }
    }

    /// <summary>Restores the terminal and stops the process, as Ctrl+Z asks. When the process continues, <see cref="Resume"/> is called.</summary>
    internal void Suspend()
    {
        Dispose();
        _ = kill(Environment.ProcessId, SigStop);
    }

    /// <summary>Enters the screen, and reads keys as they are pressed.</summary>
    internal void Resume()
    {
        lock (_gate)
        {
            if (_inside)
                return;
            _inside = true;
            _shown = [];
            TakeKeys();
            Write(Enter);
        }
    }

    /// <summary>
    /// Takes the keys again if necessary. On SIGCONT the runtime restores the terminal's first settings, sometimes before and
    /// sometimes after <see cref="Resume"/>.
    /// </summary>
    private void KeepKeys()
    {
        lock (_gate)
        {
            byte* now = stackalloc byte[TermiosBytes];
            if (_inside && tcgetattr(Input, now) == 0 && (*(uint*)(now + LocalFlagsAt) & Canonical) != 0)
                TakeKeys();
        }
    }

    private void TakeKeys()
    {
        if (_before is null)
            return;
        byte[] settings = [.. _before];
        fixed (byte* at = settings)
        {
            *(uint*)(at + LocalFlagsAt) &= ~(Canonical | Echo);
            _ = tcsetattr(Input, AtOnce, at);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (!_inside)
                return;
            _inside = false;
            Write(Leave);
            if (_before is not null)
            {
                fixed (byte* at = _before)
                    _ = tcsetattr(Input, AtOnce, at);
            }
        }
    }

    private static void Write(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* from = bytes)
        {
            for (nint done = 0; done < bytes.Length; )
            {
                nint written = write(Output, from + done, bytes.Length - done);
                if (written < 0 && Marshal.GetLastPInvokeError() != InterruptedCall)
                    return; // The terminal was closed; SIGHUP also reports that.
                done += Math.Max(written, 0);
            }
        }
    }

    private struct Poll
    {
        internal int File;
        internal short Events;
        internal short Returned;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(int file, byte* settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(int file, int when, byte* settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int file, ulong request, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(Poll* files, ulong count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int file, byte* buffer, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int file, byte* buffer, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);
}
