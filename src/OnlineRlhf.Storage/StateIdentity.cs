namespace OnlineRlhf.Storage;

/// <summary>What a stored state belongs to: numbers learned for one model and feature map mean nothing for another.</summary>
/// <param name="ModelFingerprint">Names the language model whose hidden states the features come from.</param>
/// <param name="FeatureMapFingerprint">Names the feature map: blocks, statistics, scales, projection.</param>
/// <param name="Dimension">d, at least 1.</param>
public sealed record StateIdentity(string ModelFingerprint, string FeatureMapFingerprint, int Dimension);
