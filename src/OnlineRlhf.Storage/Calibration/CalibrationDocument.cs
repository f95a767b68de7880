using System.Text.Json.Serialization;
using OnlineRlhf.Storage.Layout;

namespace OnlineRlhf.Storage.Calibration;

/// <summary>The content of a calibration file.</summary>
/// <param name="ModelFingerprint">The model the values were measured on.</param>
/// <param name="Values">The feature map's scales.</param>
/// <param name="Checksum">XxHash3 of the other fields; null in a file of version 0.1.0.</param>
internal sealed record CalibrationDocument(
    [property: JsonPropertyName("model_fingerprint")] string? ModelFingerprint,
    [property: JsonPropertyName("values")] double[]? Values,
    [property: JsonPropertyName("checksum")] long? Checksum
)
{
    internal bool Holds => Checksum is null || Checksum == Sum();

    internal CalibrationDocument Sealed() => this with { Checksum = Sum() };

    private long Sum()
    {
        Checksum sum = new Checksum().Add(ModelFingerprint ?? "");
        foreach (double value in Values ?? [])
            sum.Add(value);
        return sum.Value;
    }
}
