using System.Text.Json.Serialization;

namespace OnlineRlhf.Storage.Calibration;

/// <summary>The reader and writer of a calibration file, made at build time.</summary>
[JsonSerializable(typeof(CalibrationDocument))]
internal sealed partial class CalibrationContext : JsonSerializerContext;
