using System.Numerics.Tensors;

namespace OnlineRlhf.Experiments.Learners;

/// <summary>Minimises the regularised logistic loss from a given θ, by one of three methods, to a given norm of the gradient.</summary>
internal static class Minimization
{
    private const int MostSteps = 500,
        MostMemorySteps = 200,
        Pairs = 10;
    private const double Armijo = 1e-4;

    /// <exception cref="InvalidOperationException">
    /// It did not reach the minimum. That is a defect, since the objective is smooth and strongly convex.
    /// </exception>
    internal static void Run(LogisticObjective objective, double[] parameter, Solver solver, double gradientNorm)
    {
        double[] gradient = new double[parameter.Length],
            direction = new double[parameter.Length];
        double value = objective.Gradient(parameter, gradient);
        var memory = new Queue<(double[] Step, double[] Change, double Inner)>();
        for (int step = 0; step < MostSteps; step++)
        {
            double norm = TensorPrimitives.Norm<double>(gradient);
            if (norm <= gradientNorm)
                return;
            switch (solver)
            {
                case Solver.Newton:
                    gradient.CopyTo(direction, 0);
                    new Cholesky(objective.Hessian(parameter), parameter.Length).Solve(direction);
                    break;
                case Solver.NewtonConjugateGradient:
                    SolveByConjugateGradient(objective, gradient, direction, norm, gradientNorm);
                    break;
                default:
                    SolveByMemory(memory, gradient, direction, 1 / (objective.Regularization + 0.25 * objective.Count));
                    break;
            }
            double[] before = [.. parameter],
                slopes = [.. gradient];
            if (Descend(objective, parameter, gradient, direction, value, norm) is not { } next)
            {
                // So near to the minimum the memory of L-BFGS is rounding noise. Only the curvature itself leads on.
                if (solver != Solver.LimitedMemoryBfgs)
                    throw new InvalidOperationException("The line search found no lower value along a direction of descent.");
                solver = Solver.NewtonConjugateGradient;
                before.CopyTo(parameter, 0);
                value = objective.Gradient(parameter, gradient);
                continue;
            }
            value = next;
            if (solver == Solver.LimitedMemoryBfgs)
                Remember(memory, before, slopes, parameter, gradient);
            if (step == MostMemorySteps && solver == Solver.LimitedMemoryBfgs)
                solver = Solver.NewtonConjugateGradient;
        }
        throw new InvalidOperationException($"{solver} did not reach a gradient norm of {gradientNorm} in {MostSteps} steps.");
    }

    /// <summary>
    /// θ ← θ − s·direction, s halved from 1 until the value falls as the slope promises; null where it never does. Leaves the gradient at the new θ.
    /// </summary>
    private static double? Descend(LogisticObjective objective, double[] parameter, double[] gradient, double[] direction, double value, double norm)
    {
        double promise = TensorPrimitives.Dot<double>(gradient, direction);
        double[] before = [.. parameter];
        for (double length = 1; length > 1e-10; length /= 2)
        {
            TensorPrimitives.MultiplyAdd(direction, -length, before, parameter);
            double next = objective.Gradient(parameter, gradient);
            // Near the minimum the rounding of the value hides its fall. There the gradient tells.
            if (next <= value - Armijo * length * promise || TensorPrimitives.Norm<double>(gradient) < 0.9 * norm)
                return next;
        }
        return null;
    }

    /// <summary>∇² direction ≈ gradient, as exactly as a superlinear step needs.</summary>
    private static void SolveByConjugateGradient(LogisticObjective objective, double[] gradient, double[] direction, double norm, double wanted)
    {
        double enough = Math.Max(Math.Min(0.1, Math.Sqrt(norm)) * norm, 0.3 * wanted);
        double[] residual = [.. gradient],
            search = [.. gradient],
            product = new double[gradient.Length];
        Array.Clear(direction);
        double square = norm * norm;
        for (int step = 0; step < 10 * gradient.Length && square > enough * enough; step++)
        {
            objective.Multiply(search, product);
            double length = square / TensorPrimitives.Dot<double>(search, product);
            TensorPrimitives.MultiplyAdd(search, length, direction, direction);
            TensorPrimitives.MultiplyAdd(product, -length, residual, residual);
            double next = TensorPrimitives.SumOfSquares<double>(residual);
            TensorPrimitives.MultiplyAdd(search, next / square, residual, search);
            square = next;
        }
    }

    /// <summary>The two loops of L-BFGS.</summary>
    private static void SolveByMemory(
        Queue<(double[] Step, double[] Change, double Inner)> memory,
        double[] gradient,
        double[] direction,
        double first
    )
    {
        gradient.CopyTo(direction, 0);
        (double[] Step, double[] Change, double Inner)[] pairs = [.. memory];
        double[] weights = new double[pairs.Length];
        for (int i = pairs.Length - 1; i >= 0; i--)
        {
            weights[i] = TensorPrimitives.Dot<double>(pairs[i].Step, direction) / pairs[i].Inner;
            TensorPrimitives.MultiplyAdd(pairs[i].Change, -weights[i], direction, direction);
        }
        double scale = pairs.Length > 0 ? pairs[^1].Inner / TensorPrimitives.SumOfSquares<double>(pairs[^1].Change) : first;
        TensorPrimitives.Multiply(direction, scale, direction);
        for (int i = 0; i < pairs.Length; i++)
        {
            double weight = TensorPrimitives.Dot<double>(pairs[i].Change, direction) / pairs[i].Inner;
            TensorPrimitives.MultiplyAdd(pairs[i].Step, weights[i] - weight, direction, direction);
        }
    }

    private static void Remember(
        Queue<(double[] Step, double[] Change, double Inner)> memory,
        double[] before,
        double[] slopes,
        double[] parameter,
        double[] gradient
    )
    {
        TensorPrimitives.Subtract(parameter, before, before);
        TensorPrimitives.Subtract(gradient, slopes, slopes);
        double inner = TensorPrimitives.Dot<double>(before, slopes);
        if (inner <= 1e-30)
            return;
        memory.Enqueue((before, slopes, inner));
        if (memory.Count > Pairs)
            memory.Dequeue();
    }
}
