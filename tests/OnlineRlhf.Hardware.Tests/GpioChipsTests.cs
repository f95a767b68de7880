namespace OnlineRlhf.Hardware.Tests;

/// <summary>What is said where a chip is not found.</summary>
public sealed class GpioChipsTests
{
    [Theory]
    [InlineData(false, "", "this system has no GPIO chip (/dev/gpiochip* is missing)")]
    [InlineData(true, "", "this user may not open them: join the group that owns /dev/gpiochip*")]
    [InlineData(true, "gpiochip0 [pinctrl-rp1]", "there are gpiochip0 [pinctrl-rp1]. Give the label in square brackets")]
    public void It_is_said_why_a_chip_is_not_found(bool hasFiles, string opened, string says) =>
        Assert.Contains(says, GpioChips.NotFound("gpiochip9", hasFiles, opened.Length == 0 ? [] : [opened]), StringComparison.Ordinal);
}
