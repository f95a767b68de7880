using System.Device.Gpio;
using OnlineRlhf.Hardware;

namespace OnlineRlhf.Hardware.Tests;

/// <summary>A chip that a test can press buttons of: in memory, or the kernel's gpio-sim.</summary>
internal interface IRig : IDisposable
{
    TimeProvider Clock { get; }

    string Chip { get; }

    /// <summary>The resistor that the board asks the chip for.</summary>
    Bias Bias { get; }

    /// <summary>Opens the chip as a board does.</summary>
    GpioController Open(string chip);

    /// <summary>What the outside puts on a line.</summary>
    void Pull(int line, bool high);

    /// <summary>What the board puts on a line.</summary>
    bool IsHigh(int line);

    /// <summary>Lets time pass.</summary>
    void Pass(TimeSpan time);

    /// <summary>Takes the chip away, or brings it back; false where the rig cannot.</summary>
    bool TryUnplug(bool away);
}
