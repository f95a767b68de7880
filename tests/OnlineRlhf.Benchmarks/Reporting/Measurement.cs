using System.Globalization;

namespace OnlineRlhf.Benchmarks.Reporting;

/// <summary>One measured number, with the bar it is held against, where there is one.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Value">The number.</param>
/// <param name="Unit">Its unit; empty for a ratio.</param>
/// <param name="AtMost">The bar where less is better.</param>
/// <param name="AtLeast">The bar where more is better.</param>
/// <param name="StandardError">The standard error of the value, where several runs give one.</param>
internal sealed record Measurement(
    string Name,
    double Value,
    string Unit = "",
    double? AtMost = null,
    double? AtLeast = null,
    double? StandardError = null
)
{
    /// <summary>Whether the bar holds; null without a bar.</summary>
    public bool? Holds =>
        AtMost is { } most ? Value <= most
        : AtLeast is { } least ? Value >= least
        : null;

    internal string Amount => Show(Value) + (Unit.Length == 0 ? "" : " " + Unit) + (StandardError is { } error ? $" ± {Show(error)}" : "");

    internal string Bar =>
        AtMost is { } most ? $"≤ {Show(most)}"
        : AtLeast is { } least ? $"≥ {Show(least)}"
        : "";

    internal string Verdict =>
        Holds switch
        {
            true => "ok",
            false => "MISSED",
            null => "",
        };

    /// <summary>Three or four digits that count, never an exponent.</summary>
    private static string Show(double value)
    {
        double magnitude = Math.Abs(value);
        string format =
            value == Math.Floor(value) && magnitude < 1e15 ? "#,0"
            : magnitude >= 1000 ? "#,0"
            : magnitude >= 100 ? "0.0"
            : magnitude >= 1 ? "0.00"
            : "0.000";
        return value.ToString(format, CultureInfo.InvariantCulture);
    }
}
