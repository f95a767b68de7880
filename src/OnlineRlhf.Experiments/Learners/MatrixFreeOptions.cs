namespace OnlineRlhf.Experiments.Learners;

/// <summary>The numbers of the matrix-free update.</summary>
/// <param name="Horizon">T: how many comparisons are expected, at least 1. From there on λ_t keeps its last value.</param>
/// <param name="StepSize">η, above 0.</param>
/// <param name="FirstRegularization">λ_0, above 0.</param>
/// <param name="LastRegularization">λ_T, above 0.</param>
/// <param name="Schedule">How λ_t goes from one to the other.</param>
/// <param name="Steps">K, the most conjugate gradient steps of one update, at least 1. A single comparison is exact after two.</param>
/// <param name="Minibatch">How many comparisons one update takes together, at least 1; an incomplete minibatch waits.</param>
internal sealed record MatrixFreeOptions(
    long Horizon,
    double StepSize = 1,
    double FirstRegularization = 0.8,
    double LastRegularization = 1,
    RegularizationSchedule Schedule = RegularizationSchedule.Linear,
    int Steps = 3,
    int Minibatch = 1
)
{
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Horizon, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Steps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Minibatch, 1);
        Require(StepSize, "η, the step size");
        Require(FirstRegularization, "λ_0, the first regularization");
        Require(LastRegularization, "λ_T, the last regularization");
    }

    /// <summary>λ_t.</summary>
    internal double Regularization(long comparisons)
    {
        double u = Math.Clamp((double)comparisons / Horizon, 0, 1);
        double growth = Schedule switch
        {
            RegularizationSchedule.Constant => 0,
            RegularizationSchedule.Linear => u,
            RegularizationSchedule.Logarithmic => Math.Log2(1 + u),
            RegularizationSchedule.Quadratic => u * u,
            RegularizationSchedule.Cosine => (1 - Math.Cos(Math.PI * u)) / 2,
            _ => throw new InvalidOperationException($"There is no schedule {Schedule}."),
        };
        return FirstRegularization + (LastRegularization - FirstRegularization) * growth;
    }

    private static void Require(double value, string name)
    {
        if (!(value > 0 && double.IsFinite(value)))
            throw new ArgumentOutOfRangeException(nameof(value), value, $"{name}, must be a finite number above 0.");
    }
}
