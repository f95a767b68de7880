using System.Device.Gpio;

namespace OnlineRlhf.Hardware;

/// <summary>
/// The buttons and lamps of one GPIO chip. Where the chip is lost, busy or not there yet, the board reports it and tries again until it is disposed.
/// </summary>
public sealed class Board : IDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5),
        Inspection = TimeSpan.FromSeconds(1),
        Blink = TimeSpan.FromMilliseconds(400);

    private readonly BoardOptions _options;
    private readonly Func<string, GpioController> _open;
    private readonly TimeProvider _clock;
    private readonly Action<BoardEvent> _happened;
    private readonly Lock _gate = new();
    private readonly ITimer _inspection;
    private readonly Deadline _blink;
    private readonly HashSet<Lamp> _shining = [];
    private Connection? _connection;
    private string? _problem;
    private bool _disposed;

    /// <summary>Opens the board, or starts to try.</summary>
    /// <param name="options">How it is wired.</param>
    /// <param name="clock">The clock that the board measures all times with.</param>
    /// <param name="happened">The board calls it with every event, on any thread, one event after another. It must not call the board.</param>
    /// <param name="open">Opens a chip by its label; without it, <see cref="GpioChips.Open"/>.</param>
    /// <exception cref="ArgumentException">A line has two uses, or there is no button.</exception>
    public Board(BoardOptions options, TimeProvider clock, Action<BoardEvent> happened, Func<string, GpioController>? open = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(happened);
        if (options.Buttons.Count == 0)
            throw new ArgumentException("A board needs a button.", nameof(options));
        if (options.Buttons.Values.Concat(options.Lamps.Values).GroupBy(line => line).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"Line {twice.Key} has two uses: each button and each lamp needs a line of its own.", nameof(options));
        (_options, _clock, _happened, _open) = (options, clock, happened, open ?? GpioChips.Open);
        _inspection = clock.CreateTimer(_ => Inspect(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _blink = new Deadline(clock, EndBlink);
        Inspect();
    }

    /// <summary>Why the board cannot be used right now; null while it can.</summary>
    public string? Problem
    {
        get
        {
            lock (_gate)
                return _problem;
        }
    }

    /// <summary>Turns a lamp on or off. While the chip is lost, the board remembers it; where there is no such lamp, nothing shines.</summary>
    public void Set(Lamp lamp, bool shines)
    {
        lock (_gate)
        {
            bool changed = shines ? _shining.Add(lamp) : _shining.Remove(lamp);
            if (_disposed || !changed || _connection is null)
                return;
            try
            {
                _connection.Show(lamp, shines);
            }
            catch (Exception failure) when (IsLoss(failure))
            {
                Lose(failure);
            }
        }
    }

    /// <summary>Lets the lamp for a recorded comparison shine for a moment.</summary>
    public void BlinkRecorded()
    {
        lock (_gate)
        {
            Set(Lamp.Recorded, true);
            if (!_disposed)
                _blink.Set(Blink);
        }
    }

    /// <summary>Turns the lamps off and gives the lines back.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            _inspection.Dispose();
            _blink.Dispose();
            Close();
        }
    }

    private void EndBlink()
    {
        lock (_gate)
        {
            if (!_disposed && _blink.IsOver())
                Set(Lamp.Recorded, false);
        }
    }

    /// <summary>Opens the chip where it is not open. Otherwise looks whether it still answers, since no edge tells that a chip is gone.</summary>
    private void Inspect()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            try
            {
                if (_connection is null)
                {
                    _connection = new Connection(_open(_options.Chip), _options, _clock, _happened);
                    foreach (Lamp lamp in _shining)
                        _connection.Show(lamp, true);
                    _problem = null;
                    _happened(new BoardEvent.Opened(_options.Chip));
                }
                else
                    _connection.Read();
                _inspection.Change(Inspection, Timeout.InfiniteTimeSpan);
            }
            catch (Exception failure) when (IsLoss(failure))
            {
                Lose(failure);
            }
        }
    }

    private void Lose(Exception failure)
    {
        Close();
        string problem =
            failure is BoardException
                ? failure.Message
                : $"gpio_chip: {_options.Chip} does not work ({failure.Message.TrimEnd('.')}); it is tried again every {Retry.TotalSeconds} seconds.";
        // The event was raised when the chip was lost. While it stays lost there is nothing new to say.
        if (_problem is null)
            _happened(new BoardEvent.Lost(problem));
        _problem = problem;
        _inspection.Change(Retry, Timeout.InfiniteTimeSpan);
    }

    private void Close()
    {
        try
        {
            _connection?.Dispose();
        }
        catch (Exception failure) when (IsLoss(failure))
        {
            // The lines of a chip that is gone cannot be given back.
        }
        _connection = null;
    }

    /// <summary>
    /// Whether a driver throws this where a chip is missing, busy or gone, or the library incomplete. Anything else is a defect of this program.
    /// </summary>
    private static bool IsLoss(Exception failure) =>
        failure
            is BoardException
                or IOException
                or UnauthorizedAccessException
                or InvalidOperationException
                or ArgumentException
                or NotSupportedException
                or TimeoutException
                or TypeLoadException
                or TypeInitializationException
        || failure.GetType().Namespace?.StartsWith("System.Device.Gpio", StringComparison.Ordinal) == true;

    /// <summary>An open chip.</summary>
    private sealed class Connection : IDisposable
    {
        private readonly GpioController _controller;
        private readonly BoardOptions _options;
        private readonly ButtonPanel _panel;
        private readonly TimeProvider _clock;
        private long _read;

        internal Connection(GpioController controller, BoardOptions options, TimeProvider clock, Action<BoardEvent> happened)
        {
            (_controller, _options, _clock) = (controller, options, clock);
            try
            {
                foreach ((Lamp _, int line) in options.Lamps)
                    controller.OpenPin(line, PinMode.Output, Level(false, options.LampsActiveLow));
                foreach ((Button button, int line) in options.Buttons)
                    controller.OpenPin(line, Mode(button, line));
                _read = clock.GetTimestamp();
                _panel = new ButtonPanel(options.Buttons.Keys.ToDictionary(b => b, IsClosed), options.Debounce, clock, happened);
                foreach ((Button button, int line) in options.Buttons)
                    controller.RegisterCallbackForPinValueChangedEvent(
                        line,
                        PinEventTypes.Rising | PinEventTypes.Falling,
                        (_, change) => _panel.Contacted(button, change.ChangeType == PinEventTypes.Falling == options.ButtonsActiveLow)
                    );
            }
            catch
            {
                _panel?.Dispose();
                controller.Dispose();
                throw;
            }
        }

        /// <summary>Reads every button: finds a chip that is gone, and an edge that was lost.</summary>
        internal void Read()
        {
            // Nobody knows when a lost edge came: it may have come right after the last look.
            (long last, _read) = (_read, _clock.GetTimestamp());
            foreach (Button button in _options.Buttons.Keys)
                _panel.Contacted(button, IsClosed(button), last);
        }

        internal void Show(Lamp lamp, bool shines)
        {
            if (_options.Lamps.TryGetValue(lamp, out int line))
                _controller.Write(line, Level(shines, _options.LampsActiveLow));
        }

        public void Dispose()
        {
            _panel.Dispose();
            try
            {
                foreach (Lamp lamp in _options.Lamps.Keys)
                    Show(lamp, false);
            }
            finally
            {
                _controller.Dispose();
            }
        }

        private bool IsClosed(Button button) => _controller.Read(_options.Buttons[button]) == Level(true, _options.ButtonsActiveLow);

        private PinMode Mode(Button button, int line)
        {
            PinMode mode = _options.Bias switch
            {
                Bias.Up => PinMode.InputPullUp,
                Bias.Down => PinMode.InputPullDown,
                Bias.None => PinMode.Input,
            };
            return _controller.IsPinModeSupported(line, mode)
                ? mode
                : throw new BoardException(
                    $"button_bias: line {line} (button {button.ToString().ToLowerInvariant()}) "
                        + $"has no resistor to pull it {_options.Bias.ToString().ToLowerInvariant()}; wire one and set button_bias to none."
                );
        }

        private static PinValue Level(bool active, bool activeLow) => active == activeLow ? PinValue.Low : PinValue.High;
    }
}
