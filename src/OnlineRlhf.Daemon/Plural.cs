using System.Globalization;

namespace OnlineRlhf.Daemon;

/// <summary>Writes counts with the right singular or plural.</summary>
internal static class Plural
{
    /// <summary>Writes "1 thread" or "2 threads". Give <paramref name="many"/> if the plural needs more than an added s.</summary>
    internal static string Of(long count, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many ?? one + "s")}");
}
