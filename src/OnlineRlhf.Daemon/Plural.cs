using System.Globalization;

namespace OnlineRlhf.Daemon;

/// <summary>Counts in words.</summary>
internal static class Plural
{
    /// <summary>"1 thread", "2 threads"; <paramref name="many"/> where an s alone does not make the plural.</summary>
    internal static string Of(long count, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many ?? one + "s")}");
}
