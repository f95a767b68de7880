using OnlineRlhf.Hardware;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon;

/// <summary>How a person says which answer is better: by a word of <see cref="WireName"/>, by a key of a screen, or by a button.</summary>
internal static class PreferenceWords
{
    /// <summary>The ways to answer, as a hint for people: first | second | tie | skip.</summary>
    internal static string Ways { get; } = string.Join(" | ", WireName.All<Preferred>());

    /// <summary>What the command line takes: the words, and the digits of the two answers.</summary>
    internal static string[] Arguments { get; } = [.. WireName.All<Preferred>(), Key(Preferred.First).ToString(), Key(Preferred.Second).ToString()];

    /// <summary>Reads an argument of the command line; null where it is none.</summary>
    internal static Preferred? OfArgument(string? argument)
    {
        if (WireName.TryParse(argument, out Preferred preferred))
            return preferred;
        return Arguments.Contains(argument) ? OfKey(argument![0]) : null;
    }

    /// <summary>The key of a screen that says it.</summary>
    internal static char Key(Preferred preferred) =>
        preferred switch
        {
            Preferred.First => '1',
            Preferred.Second => '2',
            Preferred.Tie => 't',
            Preferred.Skip => 's',
        };

    /// <summary>What a key says, with the shift key too; null where it says nothing.</summary>
    internal static Preferred? OfKey(char key)
    {
        foreach (Preferred preferred in Enum.GetValues<Preferred>())
        {
            if (Key(preferred) == char.ToLowerInvariant(key))
                return preferred;
        }
        return null;
    }

    /// <summary>What a button says.</summary>
    internal static Preferred OfButton(Button button) =>
        button switch
        {
            Button.First => Preferred.First,
            Button.Second => Preferred.Second,
            Button.Tie => Preferred.Tie,
            Button.Skip => Preferred.Skip,
        };
}
