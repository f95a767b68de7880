using System.Device.Gpio;
using OnlineRlhf.Hardware;

namespace OnlineRlhf.Hardware.Tests;

/// <summary>
/// The kernel's gpio-sim, and the real clock. <c>ONLINERLHF_GPIO_SIM</c> names the chip's folder in sysfs,
/// <c>ONLINERLHF_GPIO_SIM_LABEL</c> its label.
/// </summary>
internal sealed class SimulatorRig : IRig
{
    private static readonly string? Folder = Environment.GetEnvironmentVariable("ONLINERLHF_GPIO_SIM");

    internal static SimulatorRig OrSkip()
    {
        Assert.SkipWhen(Folder is null, "ONLINERLHF_GPIO_SIM names no gpio-sim chip");
        return new SimulatorRig();
    }

    public TimeProvider Clock => TimeProvider.System;

    public string Chip { get; } =
        Environment.GetEnvironmentVariable("ONLINERLHF_GPIO_SIM_LABEL")
        ?? throw new InvalidOperationException("ONLINERLHF_GPIO_SIM_LABEL is not set.");

    // To gpio-sim a bias is what the outside pulls: asking for one would let go of a button that is held.
    public Bias Bias => Bias.None;

    public GpioController Open(string chip) => GpioChips.Open(chip);

    public void Pull(int line, bool high) => File.WriteAllText(Path.Combine(Folder!, $"sim_gpio{line}", "pull"), high ? "pull-up" : "pull-down");

    public bool IsHigh(int line) => File.ReadAllText(Path.Combine(Folder!, $"sim_gpio{line}", "value")).Trim() == "1";

    // libgpiod's driver looks for edges ten times a second, and an emulated machine compiles the tests as they run: the real clock needs more than
    // the simulated one.
    public void Pass(TimeSpan time) => Thread.Sleep((3 * time) + TimeSpan.FromMilliseconds(200));

    public bool TryUnplug(bool away) => false;

    public void Dispose() { }
}
