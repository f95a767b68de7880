namespace OnlineRlhf.Learning.RewardModels;

/// <summary>A model that also knows how uncertain it is of a direction: the direction's norm in 𝓗⁻¹, where 𝓗 sums up its comparisons.</summary>
internal interface ILocalNorm : IRewardModel
{
    /// <summary>‖v‖ in the norm of 𝓗⁻¹.</summary>
    /// <exception cref="ArgumentException">The direction has another length than d, or the norm is not finite.</exception>
    double Uncertainty(ReadOnlySpan<float> direction);

    /// <summary>‖φ − φ′‖ in the norm of 𝓗⁻¹, of the difference rounded to float as a comparison would be.</summary>
    /// <remarks>This form allocates. <see cref="OnePassRewardModel"/> has one that does not.</remarks>
    /// <exception cref="ArgumentException">One has another length than d, or the norm is not finite.</exception>
    double Uncertainty(ReadOnlySpan<float> features, ReadOnlySpan<float> reference)
    {
        LinearReward.RequireLength(reference.Length, features.Length, nameof(reference));
        float[] direction = new float[features.Length];
        for (int i = 0; i < direction.Length; i++)
            direction[i] = features[i] - reference[i];
        return Uncertainty(direction);
    }
}
