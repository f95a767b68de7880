using System.Globalization;
using MathNet.Numerics.Distributions;

namespace OnlineRlhf.Experiments.Reporting;

/// <summary>A mean over seeds and the half width of its 95 % interval, by Student's t.</summary>
internal readonly record struct Interval(double Mean, double Margin, int Count)
{
    internal double Low => Mean - Margin;

    internal double High => Mean + Margin;

    /// <summary>How far it is from a value.</summary>
    internal Interval Minus(double value) => this with { Mean = Mean - value };

    internal static Interval Of(IReadOnlyCollection<double> values)
    {
        double mean = values.Average();
        if (values.Count < 2)
            return new Interval(mean, double.NaN, values.Count);
        double deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
        return new Interval(mean, StudentT.InvCDF(0, 1, values.Count - 1, 0.975) * deviation / Math.Sqrt(values.Count), values.Count);
    }

    /// <summary>Mean ± margin, with as many digits as the margin warrants.</summary>
    public override string ToString()
    {
        if (!double.IsFinite(Margin))
            return Mean.ToString("G4", CultureInfo.InvariantCulture);
        if (Margin == 0)
            return $"{Mean.ToString("G4", CultureInfo.InvariantCulture)} ± 0";
        int digits = Math.Clamp(1 - (int)Math.Floor(Math.Log10(Margin)), 0, 6);
        string format = "F" + digits.ToString(CultureInfo.InvariantCulture);
        return $"{Mean.ToString(format, CultureInfo.InvariantCulture)} ± {Margin.ToString(format, CultureInfo.InvariantCulture)}";
    }
}
