using System.CommandLine.Parsing;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>Says in words what a flag expects. The library would name a .NET type instead.</summary>
internal static class Refusal
{
    internal static T Of<T>(ArgumentResult result, string expected)
    {
        result.AddError($"{expected}, not {result.Tokens[0].Value}");
        return default!;
    }

    /// <summary>Makes a parser of whole numbers for a flag.</summary>
    internal static Func<ArgumentResult, int> Whole(string flag) =>
        result =>
            int.TryParse(result.Tokens[0].Value, System.Globalization.CultureInfo.InvariantCulture, out int number)
                ? number
                : Of<int>(result, $"{flag} must be a whole number");
}
