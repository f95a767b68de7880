using System.Device.Gpio;
using System.Device.Gpio.Drivers;
using System.Diagnostics.CodeAnalysis;

namespace OnlineRlhf.Hardware;

/// <summary>Finds GPIO chips through libgpiod 2, or through libgpiod 1 where the system has only that.</summary>
internal static class GpioChips
{
    /// <summary>Opens a chip by its label or its name.</summary>
    /// <exception cref="BoardException">libgpiod is missing, no such chip, or it may not be opened; the message says what to do.</exception>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The controller disposes its driver.")]
    public static GpioController Open(string chip)
    {
        try
        {
            return new GpioController(OpenDriver(chip));
        }
        catch (Exception failure) when (failure is not BoardException)
        {
            throw new BoardException(
                $"gpio_chip: {chip} cannot be opened ({failure.Message.TrimEnd('.')}). Is this user in the group that owns /dev/gpiochip* ?",
                failure
            );
        }
    }

    private static GpioDriver OpenDriver(string chip)
    {
        IList<GpioChipInfo> chips = Find(out bool second);
        GpioChipInfo? found = chips.FirstOrDefault(c => c.Label == chip) ?? chips.FirstOrDefault(c => c.Name == chip);
        if (found is null)
        {
            throw new BoardException($"gpio_chip: {NotFound(chip, Devices().Length > 0, [.. chips.Select(Describe)])}");
        }
        return second ? new LibGpiodV2Driver(found) : new LibGpiodDriver(found);
    }

    /// <summary>Why a chip is not found, and what to do.</summary>
    /// <param name="chip">The label or name that was asked for.</param>
    /// <param name="hasFiles">Whether the system has chips.</param>
    /// <param name="opened">Those that this user may open.</param>
    internal static string NotFound(string chip, bool hasFiles, IReadOnlyList<string> opened) =>
        opened.Count > 0
            ? $"there is no chip labelled {chip}; there are {string.Join(", ", opened)}. Give the label in square brackets, as gpiodetect prints it."
        : hasFiles ? "there are chips, but this user may not open them: join the group that owns /dev/gpiochip* and log in anew."
        : "this system has no GPIO chip (/dev/gpiochip* is missing): its kernel has no driver for one.";

    private static IList<GpioChipInfo> Find(out bool second)
    {
        second = true;
        try
        {
            return LibGpiodV2Driver.GetAvailableChips();
        }
        catch (Exception missing) when (IsMissing(missing))
        {
            second = false;
        }
        // libgpiod 1 gives up where one of the chips cannot be opened. The driver does not check for that, and the process would crash.
        if (Devices().FirstOrDefault(d => !CanOpen(d)) is { } closed)
            throw new BoardException($"gpio_chip: {closed} cannot be opened by this user: join the group that owns it and log in anew.");
        try
        {
            return LibGpiodDriver.GetAvailableChips();
        }
        catch (Exception missing) when (IsMissing(missing))
        {
            throw new BoardException(
                "libgpiod is not installed: buttons and lamps need it (Debian 13: apt install libgpiod3; Debian 12: apt install libgpiod2).",
                missing
            );
        }
    }

    private static string[] Devices() => Directory.GetFiles("/dev", "gpiochip*");

    private static bool CanOpen(string device)
    {
        try
        {
            File.OpenHandle(device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Whether libgpiod is missing. Where there is a chip to open, the driver wraps that failure in an exception of its own.</summary>
    private static bool IsMissing(Exception? failure) =>
        failure is PlatformNotSupportedException or DllNotFoundException or EntryPointNotFoundException
        || (failure?.InnerException is { } inner && IsMissing(inner));

    private static string Describe(GpioChipInfo chip) => $"{chip.Name} [{chip.Label}]";
}
