namespace OnlineRlhf.Experiments.Learners;

/// <summary>How λ_t grows from its first value at t = 0 to its last at t = T, by f(u) with u = t/T.</summary>
/// <remarks>Public because a test takes it as a parameter.</remarks>
public enum RegularizationSchedule
{
    /// <summary>f(u) = 0: λ stays.</summary>
    Constant,

    /// <summary>f(u) = u.</summary>
    Linear,

    /// <summary>f(u) = log₂(1 + u).</summary>
    Logarithmic,

    /// <summary>f(u) = u².</summary>
    Quadratic,

    /// <summary>f(u) = (1 − cos πu)/2.</summary>
    Cosine,
}
