namespace OnlineRlhf.Storage;

/// <summary>The model and feature map that a stored state belongs to: what was learned for these means nothing for others.</summary>
/// <param name="ModelFingerprint">Names the language model whose hidden states the features come from.</param>
/// <param name="FeatureMapFingerprint">Names the feature map: blocks, statistics, scales, projection.</param>
/// <param name="Dimension">d, at least 1.</param>
public sealed record StateIdentity(string ModelFingerprint, string FeatureMapFingerprint, int Dimension)
{
    /// <summary>
    /// The scales of the feature map, so that it can be made again; none in a state of an earlier version. They are not compared, since the map's
    /// fingerprint covers them.
    /// </summary>
    public IReadOnlyList<double> Scales { get; init; } = [];

    /// <inheritdoc/>
    public bool Equals(StateIdentity? other) =>
        other is not null
        && ModelFingerprint == other.ModelFingerprint
        && FeatureMapFingerprint == other.FeatureMapFingerprint
        && Dimension == other.Dimension;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ModelFingerprint, FeatureMapFingerprint, Dimension);
}
