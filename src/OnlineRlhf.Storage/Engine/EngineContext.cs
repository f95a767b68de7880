using System.Text.Json.Serialization;

namespace OnlineRlhf.Storage.Engine;

/// <summary>The reader and writer of an engine file, made at build time.</summary>
[JsonSerializable(typeof(EngineDocument))]
internal sealed partial class EngineContext : JsonSerializerContext;
