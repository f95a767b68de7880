using System.Text.Json.Serialization;

namespace OnlineRlhf.Storage.Calibration;

/// <summary>The content of a calibration file.</summary>
/// <param name="ModelFingerprint">The model the values were measured on.</param>
/// <param name="Values">The feature map's scales.</param>
internal sealed record CalibrationDocument(
    [property: JsonPropertyName("model_fingerprint")] string? ModelFingerprint,
    [property: JsonPropertyName("values")] double[]? Values);
