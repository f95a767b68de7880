namespace OnlineRlhf.Learning;

/// <summary>The numbers that decide what a comparison does to the state; a replay under others gives another state.</summary>
/// <param name="StepSize">η of the mirror descent step, above 0. Tuned, not derived from the theory: 0.5 to 2 make little difference.</param>
/// <param name="Regularization">λ: the local norm starts at λI, above 0.</param>
/// <param name="Exploration">β, the weight of the uncertainty in the exploration rule, at least 0.</param>
public sealed record HyperParameters(double StepSize = 1, double Regularization = 1, double Exploration = 1);
