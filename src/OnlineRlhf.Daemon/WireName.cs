using System.Text.Json;

namespace OnlineRlhf.Daemon;

/// <summary>The words of enumerations, as the API, the settings, the verbs and the buttons write and read them: lower case, with dashes.</summary>
internal static class WireName
{
    internal static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    /// <summary>Every word of an enumeration, in its order.</summary>
    internal static string[] All<T>()
        where T : struct, Enum => [.. Enum.GetValues<T>().Select(Of)];

    /// <summary>The words in a sentence, such as "first, second, tie or skip".</summary>
    internal static string Choice<T>()
        where T : struct, Enum => $"{string.Join(", ", All<T>()[..^1])} or {All<T>()[^1]}";

    /// <summary>Reads a word; a word of another spelling is none.</summary>
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
