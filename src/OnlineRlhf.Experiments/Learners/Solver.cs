namespace OnlineRlhf.Experiments.Learners;

/// <summary>How a full refit finds its minimum.</summary>
internal enum Solver
{
    /// <summary>Newton's method with the Hessian assembled and factored: O(t d² + d³) a step.</summary>
    Newton,

    /// <summary>Newton's method whose system is solved by conjugate gradient over Hessian-vector products: O(t d) each.</summary>
    NewtonConjugateGradient,

    /// <summary>Limited-memory BFGS with ten pairs: O(t d) a step.</summary>
    LimitedMemoryBfgs,
}
