using System.CommandLine.Parsing;
using System.Globalization;

namespace OnlineRlhf.Experiments;

/// <summary>What the verbs' options have in common.</summary>
internal static class CommandLine
{
    /// <summary>Refuses a smaller number; what is no number is refused already.</summary>
    internal static void AtLeast(OptionResult result, int least)
    {
        if (
            result.Tokens is [{ Value: var text }]
            && int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int number)
            && number < least
        )
            result.AddError($"{result.Option.Name} must be at least {least}");
    }
}
