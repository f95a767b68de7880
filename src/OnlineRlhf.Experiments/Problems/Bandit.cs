using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Problems;

/// <summary>
/// A linear bandit with Bradley–Terry answers: each request has n candidates of unit norm whose deviation falls from 1 to 0.1 over the dimensions,
/// and P(a preferred to b) = σ((φ(a) − φ(b))ᵀθ*). Learner and rule do not change what a seed draws, so that runs of one seed can be compared.
/// </summary>
internal sealed class Bandit
{
    internal const int Dimension = 32,
        Arms = 8;

    private readonly int _seed,
        _repertoire;
    private readonly double[] _truth;

    /// <param name="seed">Tells problems apart.</param>
    /// <param name="norm">‖θ*‖.</param>
    /// <param name="shuffled">Whether a fair coin gives the answers: a control in which nothing can be learned.</param>
    /// <param name="repertoire">
    /// How many different requests there are, each with the same candidates whenever it comes; 0 for new ones without end.
    /// </param>
    internal Bandit(int seed, double norm, bool shuffled = false, int repertoire = 0)
    {
        _seed = seed;
        _repertoire = repertoire;
        Norm = norm;
        IsShuffled = shuffled;
        var random = new Random(Mix(seed, 1));
        double[] direction = [.. Enumerable.Range(0, Dimension).Select(_ => Gaussian(random))];
        double length = Math.Sqrt(direction.Sum(v => v * v));
        _truth = [.. direction.Select(v => v * norm / length)];
    }

    internal double Norm { get; }

    internal bool IsShuffled { get; }

    /// <summary>θ*.</summary>
    internal ReadOnlySpan<double> Truth => _truth;

    /// <summary>The requests of one purpose, without end: their candidates and the uniform number that decides the answer.</summary>
    internal IEnumerable<Request> Requests(Purpose purpose)
    {
        var random = new Random(Mix(_seed, 2 + (int)purpose));
        if (_repertoire > 0)
        {
            Request[] known = [.. Fresh(new Random(Mix(_seed, 50))).Take(_repertoire)];
            while (true)
                yield return known[random.Next(_repertoire)] with
                {
                    Uniform = random.NextDouble(),
                };
        }
        foreach (Request request in Fresh(random))
            yield return request;
    }

    private IEnumerable<Request> Fresh(Random random)
    {
        while (true)
        {
            float[] features = new float[Arms * Dimension];
            for (int arm = 0; arm < Arms; arm++)
                Draw(random, features.AsSpan(arm * Dimension, Dimension));
            double[] rewards = new double[Arms];
            for (int arm = 0; arm < Arms; arm++)
                rewards[arm] = LinearReward.Dot(features.AsSpan(arm * Dimension, Dimension), _truth);
            yield return new Request(features, rewards, random.NextDouble());
        }
    }

    /// <summary>A stream of random numbers for a rule, apart from those of the problem.</summary>
    internal Random RandomOf(Purpose purpose) => new(Mix(_seed, 100 + (int)purpose));

    /// <summary>The answer to a pair: 1 where the first is preferred.</summary>
    internal double Answer(Request request, int first, int second) =>
        request.Uniform < (IsShuffled ? 0.5 : Sigmoid(request.Rewards[first] - request.Rewards[second])) ? 1 : 0;

    internal static double Sigmoid(double margin) => 1 / (1 + Math.Exp(-margin));

    private static void Draw(Random random, Span<float> arm)
    {
        Span<double> values = stackalloc double[Dimension];
        double square = 0;
        for (int i = 0; i < Dimension; i++)
        {
            values[i] = Gaussian(random) * Math.Pow(10, -(double)i / (Dimension - 1));
            square += values[i] * values[i];
        }
        double length = Math.Sqrt(square);
        for (int i = 0; i < Dimension; i++)
            arm[i] = (float)(values[i] / length);
    }

    private static double Gaussian(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static int Mix(int seed, int stream) => unchecked((int)((uint)seed * 2654435761u) ^ (stream * 40503 * 65537));

    /// <summary>One request.</summary>
    /// <param name="Features">φ of the candidates, row by row.</param>
    /// <param name="Rewards">r* of each.</param>
    /// <param name="Uniform">Decides the answer.</param>
    internal sealed record Request(float[] Features, double[] Rewards, double Uniform)
    {
        internal CandidateFeatures Candidates => new(Features, Dimension);

        internal float[] Difference(int first, int second)
        {
            float[] z = new float[Dimension];
            for (int i = 0; i < Dimension; i++)
                z[i] = Features[(first * Dimension) + i] - Features[(second * Dimension) + i];
            return z;
        }
    }
}

/// <summary>What requests are for: each purpose has a stream of its own.</summary>
internal enum Purpose
{
    Learning,
    Testing,
}
