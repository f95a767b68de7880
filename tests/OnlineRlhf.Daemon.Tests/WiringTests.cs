using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Hardware;

namespace OnlineRlhf.Daemon.Tests;

/// <summary>The lines of buttons and lamps, as settings name them.</summary>
public sealed class WiringTests
{
    [Theory]
    [InlineData("ready:6,recorded:13")]
    [InlineData("ready:6,learned:13")]
    public void The_lamp_recorded_is_known_by_its_old_name_too(string lamps)
    {
        IReadOnlyDictionary<Lamp, int> wired = Options(lamps).ForBoard()!.Lamps;
        Assert.Equal([(Lamp.Ready, 6), (Lamp.Recorded, 13)], wired.Select(l => (l.Key, l.Value)).Order());
    }

    [Theory]
    [InlineData("recorded:13,learned:14", "lamps: recorded stands there twice (learned is its old name)")]
    [InlineData("learned:13,learned:14", "lamps: recorded stands there twice (learned is its old name)")]
    [InlineData("ready:13,ready:14", "lamps: ready stands there twice")]
    [InlineData("noted:13", "lamps knows thinking, ready, recorded, error, not noted")]
    public void A_lamp_that_is_named_twice_or_is_none_is_refused(string lamps, string problem) =>
        Assert.Equal(problem, Assert.Throws<ConfigurationException>(() => Options(lamps).ForBoard()).Message);

    [Fact]
    public void A_button_has_no_old_name() =>
        Assert.Equal(
            "buttons knows first, second, tie, skip, not learned",
            Assert.Throws<ConfigurationException>(() => new DaemonOptions { GpioChip = "chip", Buttons = "learned:1" }.ForBoard()).Message
        );

    private static DaemonOptions Options(string lamps) =>
        new()
        {
            GpioChip = "chip",
            Buttons = "first:1,second:2",
            Lamps = lamps,
        };
}
