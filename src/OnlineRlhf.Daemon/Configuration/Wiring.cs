using System.Globalization;
using OnlineRlhf.Hardware;

namespace OnlineRlhf.Daemon.Configuration;

/// <summary>Reads from the settings how buttons and lamps are wired.</summary>
internal static class Wiring
{
    internal const string Low = "low",
        High = "high";

    /// <summary>The old name of the lamp. The lamp blinks when a comparison is recorded, which is before the model learns it.</summary>
    private static readonly (string Old, string Now) OldLamp = ("learned", WireName.Of(Lamp.Recorded));

    /// <exception cref="ConfigurationException">A value is wrong, or a line has two uses.</exception>
    internal static BoardOptions? Read(DaemonOptions options)
    {
        IReadOnlyDictionary<Button, int> buttons = Lines<Button>("buttons", options.Buttons);
        IReadOnlyDictionary<Lamp, int> lamps = Lines<Lamp>("lamps", options.Lamps, OldLamp);
        bool buttonsLow = IsLow("button_active", options.ButtonActive),
            lampsLow = IsLow("lamp_active", options.LampActive);
        Bias bias = Word<Bias>("button_bias", options.ButtonBias);
        if (string.IsNullOrEmpty(options.GpioChip))
        {
            return buttons.Count + lamps.Count == 0
                ? null
                : throw new ConfigurationException(
                    "gpio_chip is missing: buttons and lamps need the label of the chip that they are wired to; gpiodetect lists the chips."
                );
        }
        if (!buttons.ContainsKey(Button.First) || !buttons.ContainsKey(Button.Second))
            throw new ConfigurationException("buttons must name the lines of first and second, such as first:17,second:27.");
        if (buttons.Values.Concat(lamps.Values).GroupBy(line => line).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ConfigurationException($"buttons and lamps: line {twice.Key} has two uses; each needs a line of its own.");
        return new BoardOptions
        {
            Chip = options.GpioChip,
            Buttons = buttons,
            Lamps = lamps,
            ButtonsActiveLow = buttonsLow,
            LampsActiveLow = lampsLow,
            Bias = bias,
            Debounce = TimeSpan.FromMilliseconds(options.Debounce),
        };
    }

    /// <param name="key">The key of the setting.</param>
    /// <param name="text">The value of the setting.</param>
    /// <param name="old">A name from version 0.1.0 that is still accepted, and the present name.</param>
    private static Dictionary<T, int> Lines<T>(string key, string text, (string Old, string Now)? old = null)
        where T : struct, Enum
    {
        Dictionary<T, int> lines = [];
        foreach (string entry in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] parts = entry.Split(':', StringSplitOptions.TrimEntries);
            if (parts.Length != 2 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int line))
                throw new ConfigurationException($"{key} must be names and lines such as {WireName.All<T>()[0]}:17, not {entry}");
            string name = parts[0] == old?.Old ? old.Value.Now : parts[0];
            if (lines.TryAdd(Word<T>(key, name), line))
                continue;
            throw new ConfigurationException(
                name == old?.Now ? $"{key}: {name} stands there twice ({old.Value.Old} is its old name)" : $"{key}: {name} stands there twice"
            );
        }
        return lines;
    }

    private static T Word<T>(string key, string word)
        where T : struct, Enum =>
        WireName.TryParse(word, out T known)
            ? known
            : throw new ConfigurationException($"{key} knows {string.Join(", ", WireName.All<T>())}, not {word}");

    private static bool IsLow(string key, string level) =>
        level switch
        {
            Low => true,
            High => false,
            _ => throw new ConfigurationException($"{key} must be {Low} or {High}, not {level}"),
        };
}
