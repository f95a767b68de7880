using System.Device.Gpio;
using Microsoft.Extensions.Time.Testing;
using OnlineRlhf.Hardware;

namespace OnlineRlhf.Hardware.Tests;

/// <summary>A chip in memory, and a clock that stands still.</summary>
internal sealed class MemoryRig : IRig
{
    private readonly FakeTimeProvider _clock = new();
    private readonly bool[] _outside = new bool[Lines],
        _output = new bool[Lines];
    private readonly Dictionary<int, PinChangeEventHandler> _followers = [];
    private bool _away;

    internal const int Lines = 16;

    public TimeProvider Clock => _clock;

    public string Chip => "memory";

    /// <summary>How often it was opened, or tried to be.</summary>
    internal int Opened { get; private set; }

    /// <summary>Whether lines can be pulled.</summary>
    internal bool HasResistors { get; set; } = true;

    public Bias Bias => Bias.Up;

    public GpioController Open(string chip)
    {
        Opened++;
        if (chip != Chip || _away)
            throw new IOException($"there is no chip {chip}");
        return new GpioController(new Driver(this));
    }

    public void Pull(int line, bool high)
    {
        if (_outside[line] == high)
            return;
        _outside[line] = high;
        if (!_away && _followers.TryGetValue(line, out PinChangeEventHandler? follower))
            follower(this, new PinValueChangedEventArgs(high ? PinEventTypes.Rising : PinEventTypes.Falling, line));
    }

    /// <summary>Changes a line without an edge: the kernel's queue of edges is bounded.</summary>
    internal void PullUnnoticed(int line, bool high) => _outside[line] = high;

    public bool IsHigh(int line) => _output[line];

    public void Pass(TimeSpan time)
    {
        // In steps: a timer that is started by another one's end starts where the clock then is.
        TimeSpan step = TimeSpan.FromMilliseconds(time > TimeSpan.FromSeconds(2) ? 50 : 1);
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += step)
            _clock.Advance(step);
    }

    public bool TryUnplug(bool away)
    {
        _away = away;
        return true;
    }

    public void Dispose() => _followers.Clear();

    private void Require()
    {
        if (_away)
            throw new IOException("No such device");
    }

    private sealed class Driver(MemoryRig rig) : GpioDriver
    {
        private readonly Dictionary<int, PinMode> _modes = [];

        protected override int PinCount => Lines;

        protected override void OpenPin(int pinNumber)
        {
            rig.Require();
            _modes.Add(pinNumber, PinMode.Input);
        }

        protected override void ClosePin(int pinNumber)
        {
            _modes.Remove(pinNumber);
            rig._followers.Remove(pinNumber);
        }

        protected override void SetPinMode(int pinNumber, PinMode mode) => _modes[pinNumber] = mode;

        protected override PinMode GetPinMode(int pinNumber) => _modes[pinNumber];

        protected override bool IsPinModeSupported(int pinNumber, PinMode mode) => rig.HasResistors || mode is PinMode.Input or PinMode.Output;

        protected override PinValue Read(int pinNumber)
        {
            rig.Require();
            return _modes[pinNumber] == PinMode.Output ? rig._output[pinNumber] : rig._outside[pinNumber];
        }

        protected override void Write(int pinNumber, PinValue value)
        {
            rig.Require();
            rig._output[pinNumber] = value == PinValue.High;
        }

        protected override WaitForEventResult WaitForEvent(int pinNumber, PinEventTypes eventTypes, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        protected override void AddCallbackForPinValueChangedEvent(int pinNumber, PinEventTypes eventTypes, PinChangeEventHandler callback) =>
            rig._followers[pinNumber] = callback;

        protected override void RemoveCallbackForPinValueChangedEvent(int pinNumber, PinChangeEventHandler callback) =>
            rig._followers.Remove(pinNumber);
    }
}
