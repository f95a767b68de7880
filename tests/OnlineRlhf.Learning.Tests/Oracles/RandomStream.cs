namespace OnlineRlhf.Learning.Tests.Oracles;

/// <summary>What the directions of a random stream of comparisons look like.</summary>
public enum Shape
{
    Isotropic,
    ScaledOverOrders,
    NearlyCollinear,
}

/// <summary>Seeded comparisons, a fifth of them ties.</summary>
internal static class RandomStream
{
    public static (float[] Difference, double Label)[] Create(int seed, int dimension, int count, Shape shape = Shape.Isotropic)
    {
        Random random = new(seed);
        float[] common = Direction(random, dimension, 3);
        return [.. Enumerable.Range(0, count).Select(_ => (Next(random, dimension, shape, common), Label(random)))];
    }

    public static float[] Direction(Random random, int dimension, double norm)
    {
        double[] values = [.. Enumerable.Range(0, dimension).Select(_ => Gaussian(random))];
        double length = Math.Sqrt(values.Sum(value => value * value));
        return [.. values.Select(value => (float)(value * norm / length))];
    }

    public static double Gaussian(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static double Label(Random random) =>
        random.Next(5) switch
        {
            0 => 0.5,
            1 or 2 => 0,
            _ => 1,
        };

    private static float[] Next(Random random, int dimension, Shape shape, float[] common)
    {
        float[] z = Direction(random, dimension, 1.4);
        for (int i = 0; i < dimension; i++)
        {
            z[i] = shape switch
            {
                Shape.ScaledOverOrders => (float)(z[i] * Math.Pow(10, 6.0 * i / dimension - 3)),
                Shape.NearlyCollinear => common[i] + 1e-4f * z[i],
                _ => z[i],
            };
        }
        return z;
    }
}
