namespace OnlineRlhf.Learning.Tests.Oracles;

/// <summary>The paper's update as its formulas read, with dense matrices and a full solve per comparison: O(d³).</summary>
internal sealed class ClosedFormModel(int dimension, HyperParameters hyperParameters)
{
    public DoubleDouble[] Parameter { get; } = new DoubleDouble[dimension];

    public DoubleDouble[] ParameterSum { get; } = new DoubleDouble[dimension];

    public DoubleDouble[][] Norm { get; } = DenseMatrix.Identity(dimension, hyperParameters.Regularization);

    public void Observe(ReadOnlySpan<float> z, double label)
    {
        double margin = (double)DenseMatrix.Dot(z, Parameter),
            eta = hyperParameters.StepSize;
        DoubleDouble[][] ahead = [.. Norm.Select(row => (DoubleDouble[])row.Clone())];
        DenseMatrix.AddOuter(ahead, (DoubleDouble)eta * Curvature(margin), z);
        DoubleDouble[] gradient = DenseMatrix.ToDoubleDouble(z);
        for (int i = 0; i < gradient.Length; i++)
            gradient[i] *= (DoubleDouble)Sigmoid(margin) - label;
        DoubleDouble[] direction = DenseMatrix.Solve(ahead, gradient);
        for (int i = 0; i < direction.Length; i++)
        {
            Parameter[i] -= direction[i] * eta;
            ParameterSum[i] += Parameter[i];
        }
        DenseMatrix.AddOuter(Norm, Curvature((double)DenseMatrix.Dot(z, Parameter)), z);
    }

    public double Uncertainty(ReadOnlySpan<float> v) => Math.Sqrt((double)DenseMatrix.Dot(v, DenseMatrix.Solve(Norm, DenseMatrix.ToDoubleDouble(v))));

    public static double Sigmoid(double margin) => 1 / (1 + Math.Exp(-margin));

    public static double Curvature(double margin) => Sigmoid(margin) * Sigmoid(-margin);
}
