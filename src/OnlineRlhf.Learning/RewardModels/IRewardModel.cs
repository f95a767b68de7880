namespace OnlineRlhf.Learning.RewardModels;

/// <summary>A linear reward φᵀθ that is learned from comparisons, one after the other.</summary>
/// <remarks>
/// The product has one learner, <see cref="OnePassRewardModel"/>. The experiments put other learners in its place, under the product's own rule for
/// the pair: for them this interface and <see cref="ILocalNorm"/> are here.
/// </remarks>
internal interface IRewardModel
{
    /// <summary>d.</summary>
    int Dimension { get; }

    /// <summary>t, the number of comparisons seen.</summary>
    long Comparisons { get; }

    /// <summary>θ.</summary>
    ReadOnlySpan<double> Parameter { get; }

    /// <summary>φᵀθ.</summary>
    /// <exception cref="ArgumentException">The features have another length than d, or the score is not finite.</exception>
    double Score(ReadOnlySpan<float> features);

    /// <summary>Learns one comparison.</summary>
    /// <exception cref="ArgumentException">
    /// The difference has another length than d or is not finite, or the label is not in [0, 1]; the state is as it was.
    /// </exception>
    void Observe(Comparison comparison);
}
