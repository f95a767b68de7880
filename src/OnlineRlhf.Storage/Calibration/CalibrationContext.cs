using System.Text.Json.Serialization;

namespace OnlineRlhf.Storage.Calibration;

/// <summary>How it is read and written, made at build time.</summary>
[JsonSerializable(typeof(CalibrationDocument))]
internal sealed partial class CalibrationContext : JsonSerializerContext;
