using System.Numerics.Tensors;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>
/// Assigns style hints to the candidates of a round. Hints whose answers the person probably likes are assigned more often. So presses change what
/// the model writes, and not only which answer is chosen.
/// </summary>
/// <remarks>
/// The selector knows a hint by the mean of φ(answers under it) − φ(plain answers of the same round). This mean describes the model, not a person, so
/// all profiles share it. It takes hints × d floats of memory, and is learned anew within a few rounds after a start. The assignment is Thompson
/// sampling over these means: O(d²) a hint.
/// </remarks>
public sealed class HintSelector
{
    /// <summary>The most candidates of a round under one hint, if there are enough hints. Without variety there is nothing to choose from.</summary>
    public const int MostAlike = 3;

    /// <summary>
    /// How many hinted candidates of a round get their hints in rotation, whatever was learned, so that the selector notices when a taste changes.
    /// </summary>
    private const int Even = 2;

    /// <summary>
    /// How many answers under each hint the selector must have seen before a round that asks nothing does without plain and even candidates. Only
    /// differences to plain answers teach the selector.
    /// </summary>
    private const int Enough = 10;

    /// <summary>The factor between the model's uncertainty and the standard deviation of a draw.</summary>
    private const double PosteriorScale = 0.5;

    /// <summary>The mean forgets older answers beyond this number, so that it follows the requests.</summary>
    private const int Memory = 60;

    private readonly IReadOnlyList<string> _hints;
    private readonly float[][] _means;
    private readonly int[] _answers;
    private readonly Lock _gate = new();

    /// <summary>Creates a selector that assigns evenly until it has seen answers and presses.</summary>
    /// <param name="hints">The style hints of the model.</param>
    /// <param name="dimension">The number of features, d.</param>
    public HintSelector(IReadOnlyList<string> hints, int dimension)
    {
        ArgumentNullException.ThrowIfNull(hints);
        _hints = hints;
        _means = [.. hints.Select(_ => new float[dimension])];
        _answers = new int[hints.Count];
    }

    /// <summary>Assigns a hint, or null for none, to each candidate of a round, for the person that this reward model belongs to.</summary>
    public string?[] Assign(OnePassRewardModel model, int candidates, uint seed)
    {
        ArgumentNullException.ThrowIfNull(model);
        string?[] assigned = StyleHints.Assign(_hints, candidates, seed);
        lock (_gate)
        {
            if (HasTaste(model))
                Fill(model, assigned, assigned.Count(h => h is null) + Even, seed, withPlain: false);
        }
        return assigned;
    }

    /// <summary>
    /// The same for a round that asks nothing. Nothing is learned from it, so all its candidates get what the person probably likes, and that may be
    /// no hint.
    /// </summary>
    public string?[] AssignLikeliest(OnePassRewardModel model, int candidates, uint seed)
    {
        ArgumentNullException.ThrowIfNull(model);
        string?[] assigned = StyleHints.Assign(_hints, candidates, seed);
        lock (_gate)
        {
            if (!HasTaste(model))
                return assigned;
            bool isKnown = Array.TrueForAll(_answers, a => a >= Enough);
            if (!isKnown && candidates > 2)
                assigned[1] = assigned[^1];
            Fill(model, assigned, isKnown ? 0 : 2, seed, withPlain: isKnown);
        }
        return assigned;
    }

    /// <summary>Learns how the answers of a round under each hint differ from its plain answers.</summary>
    /// <param name="hints">The hint of each answer, null for none.</param>
    /// <param name="features">The features of each answer, φ.</param>
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

    // Without presses there is no taste yet, and a hint without answers has no mean yet.
    private bool HasTaste(OnePassRewardModel model) => _hints.Count > 0 && model.Comparisons > 0 && !_answers.Contains(0);

    /// <summary>Draws the hints of the candidates from a place on.</summary>
    private void Fill(OnePassRewardModel model, string?[] assigned, int from, uint seed, bool withPlain)
    {
        if (from >= assigned.Length)
            return;
        double[] reward = [.. _means.Select(m => model.Score(m))],
            uncertainty = [.. _means.Select(m => model.Uncertainty(m))];
        var random = new Random(unchecked((int)seed));
        for (int slot = from; slot < assigned.Length; slot++)
            assigned[slot] = Draw(assigned.AsSpan(0, slot), reward, uncertainty, random, withPlain);
    }

    /// <summary>Draws a hint by Thompson sampling, among the hints that may get another candidate.</summary>
    private string? Draw(ReadOnlySpan<string?> assigned, double[] reward, double[] uncertainty, Random random, bool withPlain)
    {
        string? best = null;
        // A plain answer differs from plain answers by nothing.
        double highest = withPlain && HasPlace(null, assigned) ? 0 : double.NegativeInfinity;
        for (int h = 0; h < _hints.Count; h++)
        {
            double promise = reward[h] + PosteriorScale * uncertainty[h] * Normal(random);
            if (HasPlace(_hints[h], assigned) && promise > highest)
                (best, highest) = (_hints[h], promise);
        }
        return best;
    }

    // With very few hints, one hint must take more than MostAlike candidates.
    private bool HasPlace(string? hint, ReadOnlySpan<string?> assigned) =>
        assigned.Count(hint) < Math.Max(MostAlike, (assigned.Length / _hints.Count) + 1);

    /// <summary>A standard normal number, by the Box–Muller transform.</summary>
    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
