using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Learning.Tests.Oracles;

namespace OnlineRlhf.Learning.Tests.RewardModels;

public class DriftTests(ITestOutputHelper output)
{
    [Fact]
    public void The_factor_does_not_drift_in_a_million_updates() => Measure(dimension: 64, pool: 512, updates: 1_000_000);

    [Fact(Skip = LongForm.Reason, SkipUnless = nameof(LongForm.IsWanted), SkipType = typeof(LongForm))]
    public void The_factor_does_not_drift_in_a_million_updates_at_577_dimensions() => Measure(dimension: 577, pool: 1024, updates: 1_000_000);

    // Directions come from a pool, so that 𝓗 = λI + Σ_k (Σ w) z_k z_kᵀ can be rebuilt in double-double from one compensated sum of weights each.
    private void Measure(int dimension, int pool, int updates)
    {
        Random random = new(dimension);
        float[] truth = RandomStream.Direction(random, dimension, 6);
        (float[] Difference, double Label)[] stream = RandomStream.Create(dimension, dimension, pool, Shape.Isotropic);
        double[] chances = [.. stream.Select(item => ClosedFormModel.Sigmoid(item.Difference.Zip(truth, (a, b) => (double)a * b).Sum()))];
        DoubleDouble[] weights = new DoubleDouble[pool];
        OnePassRewardModel model = new(dimension, new HyperParameters());
        for (int i = 0; i < updates; i++)
        {
            int k = random.Next(pool);
            model.Observe(new Comparison(stream[k].Difference, random.NextDouble() < chances[k] ? 1 : 0));
            weights[k] += ClosedFormModel.Curvature(model.Score(stream[k].Difference));
        }

        DoubleDouble[][] rebuilt = DenseMatrix.Identity(dimension, 1);
        for (int k = 0; k < pool; k++)
            DenseMatrix.AddOuter(rebuilt, weights[k], stream[k].Difference);
        double drift = DenseMatrix.ScaledError(DenseMatrix.FromFactor(model.Factor, dimension), rebuilt),
            uncertainty = 0;
        for (int i = 0; i < 3; i++)
        {
            float[] direction = RandomStream.Direction(random, dimension, 1);
            DoubleDouble[] solved = DenseMatrix.Solve(rebuilt, DenseMatrix.ToDoubleDouble(direction));
            uncertainty = Math.Max(uncertainty, Math.Abs(model.Uncertainty(direction) / Math.Sqrt((double)DenseMatrix.Dot(direction, solved)) - 1));
        }
        output.WriteLine($"d = {dimension}, {updates} updates: norm off by {drift:E2} (scaled, largest entry), uncertainty by {uncertainty:E2}");
        Assert.InRange(drift, 0, 1e-12);
        Assert.InRange(uncertainty, 0, 1e-12);
    }
}
