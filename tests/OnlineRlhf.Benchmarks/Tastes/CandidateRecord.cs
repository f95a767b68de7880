using System.Text.Json.Serialization;

namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>What the candidates of a file were drawn from; its first line.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Fingerprint">The model's fingerprint.</param>
/// <param name="Map">The feature map's fingerprint.</param>
/// <param name="MaxTokens">The most tokens of an answer.</param>
/// <param name="Temperature">The temperature.</param>
/// <param name="Hints">The hint of each candidate of a hinted set, empty for none.</param>
internal sealed record CandidateHeader(string Model, string Fingerprint, string Map, int MaxTokens, float Temperature, IReadOnlyList<string> Hints);

/// <summary>The candidates for one request; one line of the file.</summary>
/// <param name="Request">The request.</param>
/// <param name="Hinted">Whether some were drawn under style hints.</param>
/// <param name="Candidates">The distinct answers.</param>
internal sealed record CandidateSet(string Request, bool Hinted, IReadOnlyList<CachedCandidate> Candidates);

/// <summary>One answer with its features, in two parts, so that a learner can be given either.</summary>
/// <param name="Text">The answer.</param>
/// <param name="Tokens">Its tokens.</param>
/// <param name="Hint">The hint it was drawn under.</param>
/// <param name="Hidden">The scaled hidden blocks: floats, little-endian.</param>
/// <param name="Named">log(1 + tokens) and the weighted text statistics: floats, little-endian.</param>
internal sealed record CachedCandidate(string Text, int Tokens, string? Hint, byte[] Hidden, byte[] Named);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CandidateHeader))]
[JsonSerializable(typeof(CandidateSet))]
internal sealed partial class CandidateJson : JsonSerializerContext;
