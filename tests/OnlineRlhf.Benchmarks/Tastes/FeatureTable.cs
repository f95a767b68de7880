using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OnlineRlhf.Learning;

namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>
/// φ of every candidate of one kind, for one split into training and held-out requests, turned into the span of the training requests' differences.
/// </summary>
/// <remarks>
/// The learner starts at θ = 0 and 𝓗 = λI and only ever sees differences between candidates of training requests: an orthonormal change of basis
/// changes
/// nothing that it computes, and what is orthogonal to all of these differences has weight 0. So the simulation runs with some 560 dimensions instead
/// of
/// 1,745, ten times faster, and gives the same numbers but for rounding.
/// </remarks>
internal sealed class FeatureTable
{
    private const double Dependent = 1e-4;
    private readonly float[][] _rows;

    private FeatureTable(float[][] rows, int dimension)
    {
        _rows = rows;
        Dimension = dimension;
    }

    internal int Dimension { get; }

    /// <summary>φ of some of a request's candidates.</summary>
    internal CandidateFeatures Of(int request, int[] candidates)
    {
        float[] rows = new float[candidates.Length * Dimension];
        for (int i = 0; i < candidates.Length; i++)
            _rows[request].AsSpan(candidates[i] * Dimension, Dimension).CopyTo(rows.AsSpan(i * Dimension));
        return new CandidateFeatures(rows, Dimension);
    }

    /// <param name="candidates">All candidates.</param>
    /// <param name="kind">Which of them, and which part of their features.</param>
    /// <param name="training">The requests whose differences span the space.</param>
    internal static FeatureTable Build(Candidates candidates, LearnerKind kind, IReadOnlyCollection<int> training)
    {
        double[][][] centred =
        [
            .. Enumerable.Range(0, candidates.Requests).Select(r => Centre(candidates.Sets[Candidates.Set(r, kind.Hinted)], kind.Statistics)),
        ];
        List<double[]> basis = [];
        foreach (int request in training)
        {
            foreach (double[] row in centred[request])
                Extend(basis, row);
        }
        float[][] rows = new float[candidates.Requests][];
        for (int r = 0; r < rows.Length; r++)
        {
            rows[r] = new float[centred[r].Length * basis.Count];
            for (int c = 0; c < centred[r].Length; c++)
            {
                for (int k = 0; k < basis.Count; k++)
                    rows[r][(c * basis.Count) + k] = (float)TensorPrimitives.Dot<double>(centred[r][c], basis[k]);
            }
        }
        return new FeatureTable(rows, basis.Count);
    }

    /// <summary>The features of a set's candidates minus their mean: only differences matter.</summary>
    private static double[][] Centre(CandidateSet set, bool statistics)
    {
        double[][] rows = [.. set.Candidates.Select(Features)];
        double[] mean = new double[rows[0].Length];
        foreach (double[] row in rows)
            TensorPrimitives.Add<double>(mean, row, mean);
        TensorPrimitives.Divide(mean, rows.Length, mean);
        foreach (double[] row in rows)
            TensorPrimitives.Subtract<double>(row, mean, row);
        return rows;

        double[] Features(CachedCandidate candidate)
        {
            ReadOnlySpan<float> hidden = MemoryMarshal.Cast<byte, float>(candidate.Hidden),
                named = MemoryMarshal.Cast<byte, float>(candidate.Named);
            // log(1 + tokens) is the first named feature, and belongs to the map without statistics too.
            named = statistics ? named : named[..1];
            double[] features = new double[hidden.Length + named.Length];
            TensorPrimitives.ConvertChecked(hidden, features.AsSpan(0, hidden.Length));
            TensorPrimitives.ConvertChecked(named, features.AsSpan(hidden.Length));
            return features;
        }
    }

    /// <summary>Gram–Schmidt, twice for its rounding.</summary>
    private static void Extend(List<double[]> basis, double[] row)
    {
        double[] rest = [.. row];
        double norm = TensorPrimitives.Norm<double>(rest);
        for (int pass = 0; pass < 2; pass++)
        {
            foreach (double[] direction in basis)
                TensorPrimitives.MultiplyAdd(direction, -TensorPrimitives.Dot<double>(rest, direction), rest, rest);
        }
        double left = TensorPrimitives.Norm<double>(rest);
        if (left <= Dependent * norm || left == 0)
            return;
        TensorPrimitives.Divide(rest, left, rest);
        basis.Add(rest);
    }
}

/// <summary>What a learner is given.</summary>
/// <param name="Name">How the table calls it.</param>
/// <param name="Hinted">Whether the candidates are the hinted ones.</param>
/// <param name="Adaptive">Whether hints are assigned by what was learned.</param>
/// <param name="Statistics">Whether φ has the text statistics, the overlap among them.</param>
internal sealed record LearnerKind(string Name, bool Hinted, bool Adaptive, bool Statistics);
