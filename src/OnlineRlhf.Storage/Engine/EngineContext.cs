using System.Text.Json.Serialization;

namespace OnlineRlhf.Storage.Engine;

/// <summary>How it is read and written, made at build time.</summary>
[JsonSerializable(typeof(EngineDocument))]
internal sealed partial class EngineContext : JsonSerializerContext;
