using System.Text.Json;

namespace OnlineRlhf.Daemon;

/// <summary>
/// Converts enumeration values to words and back: lower case, with dashes. The API, the settings, the commands and the buttons use these words.
/// </summary>
internal static class WireName
{
    internal static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    /// <summary>All words of an enumeration, in the order of its values.</summary>
    internal static string[] All<T>()
        where T : struct, Enum => [.. Enum.GetValues<T>().Select(Of)];

    /// <summary>The words as part of a sentence, such as "first, second, tie or skip".</summary>
    internal static string Choice<T>()
        where T : struct, Enum => $"{string.Join(", ", All<T>()[..^1])} or {All<T>()[^1]}";

    /// <summary>Reads a word. The spelling must match exactly.</summary>
    internal static bool TryParse<T>(string? word, out T value)
        where T : struct, Enum
    {
        foreach (T known in Enum.GetValues<T>())
        {
            if (Of(known) == word)
            {
                value = known;
                return true;
            }
        }
        value = default;
        return false;
    }
}
