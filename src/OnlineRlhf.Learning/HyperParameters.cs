namespace OnlineRlhf.Learning;

/// <summary>The numbers that decide what a comparison does to the state; a replay with other numbers gives another state.</summary>
/// <remarks>
/// The defaults are tuned for features of about unit norm, not derived from the theory.
/// A value out of its range throws an <see cref="ArgumentOutOfRangeException"/>.
/// </remarks>
/// <param name="StepSize">η of the mirror descent step, above 0; 0.5 to 2 make little difference.</param>
/// <param name="Regularization">λ: the local norm starts at λI, above 0.</param>
/// <param name="Exploration">β, the weight of the uncertainty in the exploration rule, at least 0.</param>
public sealed record HyperParameters(double StepSize = 1, double Regularization = 1, double Exploration = 1)
{
    /// <summary>The smallest η and λ that the daemon accepts and stores: every step of the learner stays finite.</summary>
    public const double Least = 1e-6;

    /// <summary>The largest η, λ and β that the daemon accepts and stores.</summary>
    public const double Most = 1e6;

    /// <summary>η of the mirror descent step, above 0.</summary>
    public double StepSize
    {
        get;
        init => field = Positive(value, "η, the step size");
    } = Positive(StepSize, "η, the step size");

    /// <summary>λ: the local norm starts at λI, above 0.</summary>
    public double Regularization
    {
        get;
        init => field = Positive(value, "λ, the regularization");
    } = Positive(Regularization, "λ, the regularization");

    /// <summary>β, the weight of the uncertainty in the exploration rule, at least 0.</summary>
    public double Exploration
    {
        get;
        init => field = NotNegative(value);
    } = NotNegative(Exploration);

    private static double Positive(double value, string name) =>
        value > 0 && double.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"{name}, must be a finite number above 0.");

    private static double NotNegative(double value) =>
        value >= 0 && double.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "β, the weight of the exploration, must be a finite number of at least 0.");
}
