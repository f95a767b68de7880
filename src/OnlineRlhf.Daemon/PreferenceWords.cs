using OnlineRlhf.Hardware;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon;

/// <summary>The words, keys and buttons with which a person says which answer is better. The words are those of <see cref="WireName"/>.</summary>
internal static class PreferenceWords
{
    /// <summary>The words as a hint for the user: first | second | tie | skip.</summary>
    internal static string Ways { get; } = string.Join(" | ", WireName.All<Preferred>());

    /// <summary>The arguments that the command line accepts: the words, and the digits of the two answers.</summary>
    internal static string[] Arguments { get; } = [.. WireName.All<Preferred>(), Key(Preferred.First).ToString(), Key(Preferred.Second).ToString()];

    /// <summary>The same as part of a sentence: first or 1, second or 2, tie, skip.</summary>
    internal static string ArgumentList { get; } =
        string.Join(", ", Enum.GetValues<Preferred>().Select(p => char.IsDigit(Key(p)) ? $"{WireName.Of(p)} or {Key(p)}" : WireName.Of(p)));

    /// <summary>The keys of onlinerlhf watch as part of a sentence: 1, 2, t (both the same) and s (no answer).</summary>
    internal static string KeyList { get; } =
        $"{Key(Preferred.First)}, {Key(Preferred.Second)}, {Key(Preferred.Tie)} (both the same) and {Key(Preferred.Skip)} (no answer)";

    /// <summary>Reads an argument of the command line; null if it is not an answer.</summary>
    internal static Preferred? OfArgument(string? argument)
    {
        if (WireName.TryParse(argument, out Preferred preferred))
            return preferred;
        return Arguments.Contains(argument) ? OfKey(argument![0]) : null;
    }

    /// <summary>The key that gives this answer in onlinerlhf watch.</summary>
    internal static char Key(Preferred preferred) =>
        preferred switch
        {
            Preferred.First => '1',
            Preferred.Second => '2',
            Preferred.Tie => 't',
            Preferred.Skip => 's',
        };

    /// <summary>The answer that a key gives, with or without Shift; null if the key means nothing.</summary>
    internal static Preferred? OfKey(char key)
    {
        foreach (Preferred preferred in Enum.GetValues<Preferred>())
        {
            if (Key(preferred) == char.ToLowerInvariant(key))
                return preferred;
        }
        return null;
    }

    /// <summary>The answer that a button gives.</summary>
    internal static Preferred OfButton(Button button) =>
        button switch
        {
            Button.First => Preferred.First,
            Button.Second => Preferred.Second,
            Button.Tie => Preferred.Tie,
            Button.Skip => Preferred.Skip,
        };
}
