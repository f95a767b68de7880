namespace OnlineRlhf.Learning.Selection;

/// <summary>The two candidates that a selection rule shows.</summary>
/// <param name="Leader">Index of argmax φᵀθ: the answer that is served.</param>
/// <param name="Challenger">Index of the answer to compare it with.</param>
/// <param name="Uncertainty">‖φ(challenger) − φ(leader)‖ in the norm of 𝓗⁻¹.</param>
public readonly record struct Pair(int Leader, int Challenger, double Uncertainty);
