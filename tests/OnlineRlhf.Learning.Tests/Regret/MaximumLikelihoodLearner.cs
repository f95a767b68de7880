namespace OnlineRlhf.Learning.Tests.Regret;

/// <summary>
/// The baseline: θ minimises Σ ℓ_i(θ) + λ/2 ‖θ‖² over the whole history, refitted every ten rounds by Newton's method from the last θ;
/// its local norm is the Hessian at that θ. O(t d²) per Newton step.
/// </summary>
internal sealed class MaximumLikelihoodLearner(int dimension, HyperParameters hyperParameters) : ILearner
{
    private const int Interval = 10;
    private readonly List<(float[] Difference, double Label)> _history = [];
    private readonly double[] _parameter = new double[dimension];
    private double[][] _norm = Scaled(dimension, hyperParameters.Regularization);

    public (int Leader, int Challenger) Select(float[][] arms)
    {
        double[][] factor = Cholesky(_norm);
        double[] scores = [.. arms.Select(arm => Dot(arm, _parameter))];
        int leader = Array.IndexOf(scores, scores.Max());
        double[] norms = [.. arms.Select(arm => Norm(factor, [.. arm.Zip(arms[leader], (a, b) => (double)(a - b))]))];
        double[] bounds = [.. scores.Zip(norms, (score, norm) => score + hyperParameters.Exploration * norm)];
        bounds[leader] = double.NegativeInfinity;
        return (leader, Array.IndexOf(bounds, bounds.Max()));
    }

    public void Observe(float[] difference, double label)
    {
        _history.Add((difference, label));
        if (_history.Count % Interval == 0)
            Refit();
        else
            AddOuter(_norm, Curvature(Dot(difference, _parameter)), difference);
    }

    private void Refit()
    {
        for (int step = 0; step < 50; step++)
        {
            double[][] hessian = Scaled(dimension, hyperParameters.Regularization);
            double[] gradient = [.. _parameter.Select(value => value * hyperParameters.Regularization)];
            foreach ((float[] z, double label) in _history)
            {
                double margin = Dot(z, _parameter),
                    slope = 1 / (1 + Math.Exp(-margin)) - label;
                AddOuter(hessian, Curvature(margin), z);
                for (int i = 0; i < z.Length; i++)
                    gradient[i] += slope * z[i];
            }
            _norm = hessian;
            double[] move = Solve(Cholesky(hessian), gradient);
            for (int i = 0; i < move.Length; i++)
                _parameter[i] -= move[i];
            if (move.Max(Math.Abs) < 1e-6)
                return;
        }
        throw new InvalidOperationException("Newton's method did not converge.");
    }

    private static double Curvature(double margin)
    {
        double p = 1 / (1 + Math.Exp(-margin));
        return p * (1 - p);
    }

    private static double Dot(float[] z, double[] v)
    {
        double sum = 0;
        for (int i = 0; i < z.Length; i++)
            sum += z[i] * v[i];
        return sum;
    }

    private static double[][] Scaled(int dimension, double scale) =>
        [
            .. Enumerable
                .Range(0, dimension)
                .Select(i =>
                {
                    double[] row = new double[dimension];
                    row[i] = scale;
                    return row;
                }),
        ];

    private static void AddOuter(double[][] lower, double weight, float[] z)
    {
        for (int i = 0; i < z.Length; i++)
        {
            double scaled = weight * z[i];
            double[] row = lower[i];
            for (int j = 0; j <= i; j++)
                row[j] += scaled * z[j];
        }
    }

    private static double[][] Cholesky(double[][] lower)
    {
        double[][] factor = [.. lower.Select(row => (double[])row.Clone())];
        for (int i = 0; i < factor.Length; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double sum = factor[i][j];
                for (int k = 0; k < j; k++)
                    sum -= factor[i][k] * factor[j][k];
                factor[i][j] = i == j ? Math.Sqrt(sum) : sum / factor[j][j];
            }
        }
        return factor;
    }

    private static double[] Forward(double[][] factor, double[] right)
    {
        double[] x = [.. right];
        for (int i = 0; i < x.Length; i++)
        {
            for (int k = 0; k < i; k++)
                x[i] -= factor[i][k] * x[k];
            x[i] /= factor[i][i];
        }
        return x;
    }

    private static double Norm(double[][] factor, double[] v) => Math.Sqrt(Forward(factor, v).Sum(value => value * value));

    private static double[] Solve(double[][] factor, double[] right)
    {
        double[] x = Forward(factor, right);
        for (int i = x.Length - 1; i >= 0; i--)
        {
            for (int k = i + 1; k < x.Length; k++)
                x[i] -= factor[k][i] * x[k];
            x[i] /= factor[i][i];
        }
        return x;
    }
}
