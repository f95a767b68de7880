using System.Numerics.Tensors;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Rounds;

/// <summary>
/// Assigns the candidates of a round their style hints: more to the hints whose answers a person's learned taste promises to like, so that
/// presses change what is written and not only what is chosen of it.
/// </summary>
/// <remarks>
/// A hint is known by the mean of φ(answers under it) − φ(plain answers of the same round). That is the model's trait and no
/// person's: it is shared by all profiles, costs hints × d floats of memory, and is learned anew within a few rounds of a start. The
/// assignment is Thompson sampling over these means: O(d²) a hint.
/// </remarks>
public sealed class HintSelector
{
    /// <summary>
    /// The most candidates of a round under one hint, as long as there are others: without variety there is nothing to choose from.
    /// </summary>
    public const int MostAlike = 3;

    /// <summary>Hinted candidates of a round that are assigned in turn, whatever was learned, so that a taste that turns is noticed.</summary>
    private const int Even = 2;

    /// <summary>How many standard deviations one deviation of the draw is.</summary>
    private const double PosteriorScale = 0.5;

    /// <summary>The mean forgets beyond so many answers, so that it follows the requests.</summary>
    private const int Memory = 60;

    private readonly IReadOnlyList<string> _hints;
    private readonly float[][] _means;
    private readonly int[] _answers;
    private readonly Lock _gate = new();

    /// <summary>Assigns evenly until it has seen answers and presses.</summary>
    /// <param name="hints">The hints of the model.</param>
    /// <param name="dimension">d.</param>
    public HintSelector(IReadOnlyList<string> hints, int dimension)
    {
        ArgumentNullException.ThrowIfNull(hints);
        _hints = hints;
        _means = [.. hints.Select(_ => new float[dimension])];
        _answers = new int[hints.Count];
    }

    /// <summary>The hint of each candidate, null for none, for a person with this reward model.</summary>
    public string?[] Assign(OnePassRewardModel model, int candidates, uint seed)
    {
        ArgumentNullException.ThrowIfNull(model);
        string?[] assigned = StyleHints.Assign(_hints, candidates, seed);
        lock (_gate)
        {
            // Who has not pressed yet likes nothing better, and a hint that was never tried promises nothing.
            if (model.Comparisons == 0 || _answers.Contains(0))
                return assigned;
            int chosen = assigned.Count(h => h is null) + Even;
            if (chosen >= candidates)
                return assigned;
            double[] reward = [.. _means.Select(m => model.Score(m))],
                uncertainty = [.. _means.Select(m => model.Uncertainty(m))];
            var random = new Random(unchecked((int)seed));
            for (int slot = chosen; slot < candidates; slot++)
                assigned[slot] = Draw(assigned.AsSpan(0, slot), reward, uncertainty, random);
        }
        return assigned;
    }

    /// <summary>Learns how the answers of a round differ under its hints from its plain ones.</summary>
    /// <param name="hints">The hint of each answer, null for none.</param>
    /// <param name="features">φ of each answer.</param>
    public void Remember(IReadOnlyList<string?> hints, CandidateFeatures features)
    {
        ArgumentNullException.ThrowIfNull(hints);
        float[] plain = new float[features.Dimension],
            difference = new float[features.Dimension];
        int plains = hints.Count(h => h is null);
        if (plains == 0)
            return;
        for (int c = 0; c < features.Count; c++)
        {
            if (hints[c] is null)
                TensorPrimitives.MultiplyAdd(features[c], 1f / plains, plain, plain);
        }
        lock (_gate)
        {
            for (int h = 0; h < _hints.Count; h++)
            {
                for (int c = 0; c < features.Count; c++)
                {
                    if (hints[c] != _hints[h])
                        continue;
                    _answers[h] = Math.Min(_answers[h] + 1, Memory);
                    TensorPrimitives.Subtract(features[c], plain, difference);
                    TensorPrimitives.Lerp(_means[h], difference, 1f / _answers[h], _means[h]);
                }
            }
        }
    }

    /// <summary>Thompson sampling among the hints that have a place left.</summary>
    private string Draw(ReadOnlySpan<string?> assigned, double[] reward, double[] uncertainty, Random random)
    {
        int best = 0;
        double highest = double.NegativeInfinity;
        for (int h = 0; h < _hints.Count; h++)
        {
            double promise = reward[h] + PosteriorScale * uncertainty[h] * Normal(random);
            // Where there are too few hints, more alike than that.
            bool hasPlace = assigned.Count(_hints[h]) < Math.Max(MostAlike, (assigned.Length / _hints.Count) + 1);
            if (hasPlace && promise > highest)
                (best, highest) = (h, promise);
        }
        return _hints[best];
    }

    /// <summary>Box and Muller's.</summary>
    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
