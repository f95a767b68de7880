using System.Numerics.Tensors;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>
/// Predicts the features of a whole answer from those of its beginning: in each group of features, the mean of whole answers under the same hint plus
/// a slope times the beginning's distance from the mean of beginnings.
/// </summary>
/// <remarks>
/// It describes the model, not a person, so all profiles share it. It learns from the answers that were finished, in constant time and memory:
/// lengths × hints × 2d floats. Used by one thread at a time. Until it has seen enough answers, a beginning counts as it stands.
/// </remarks>
internal sealed class AnswerForecast(IReadOnlyList<string> hints)
{
    // Beginnings of about the same length are learned together. Those from the last number on are long enough to count as they stand.
    private static readonly int[] Lengths = [8, 12, 16, 24, 32, 48, 64];

    // Two answers of ten rounds.
    private const int Enough = 20;

    // Under fewer answers, the mean of a hint says less than the mean of all.
    private const int EnoughOfHint = 3;

    // The answers of one round.
    private const int EnoughLengths = 8;

    // The mean length forgets older answers beyond this number, so that it follows the requests.
    private const int Memory = 60;
    private readonly Length?[] _lengths = new Length?[Lengths.Length];
    private double _tokens;
    private int _written;

    /// <summary>How many tokens an answer has on average; null until enough were written.</summary>
    internal double? ExpectedTokens => _written < EnoughLengths ? null : _tokens;

    /// <summary>Notes the lengths of answers. An answer that a low limit cut says nothing about how long answers are.</summary>
    internal void Written(IEnumerable<Candidate> answers)
    {
        foreach (Candidate answer in answers.Where(a => a.Complete || a.Tokens >= SteeringOptions.LongAnswer))
        {
            _written = Math.Min(_written + 1, Memory);
            _tokens += (answer.Tokens - _tokens) / _written;
        }
    }

    /// <summary>Replaces the features of a beginning by those that the whole answer probably has.</summary>
    /// <param name="map">The feature map.</param>
    /// <param name="tokens">The tokens of the beginning.</param>
    /// <param name="hint">The style hint of the answer, null for none.</param>
    /// <param name="features">φ of the beginning; receives the prediction.</param>
    internal void Predict(FeatureMap map, int tokens, string? hint, Span<float> features)
    {
        if (IndexOf(tokens) is { } length && _lengths[length] is { Answers: >= Enough } known)
            known.Predict(map.Groups, IndexOf(hint), features);
    }

    /// <summary>Learns from an answer that was finished.</summary>
    /// <param name="map">The feature map.</param>
    /// <param name="tokens">The tokens of the beginning.</param>
    /// <param name="hint">The style hint of the answer, null for none.</param>
    /// <param name="beginning">φ of the beginning.</param>
    /// <param name="whole">φ of the whole answer.</param>
    internal void Learn(FeatureMap map, int tokens, string? hint, ReadOnlySpan<float> beginning, ReadOnlySpan<float> whole)
    {
        if (IndexOf(tokens) is { } length)
            (_lengths[length] ??= new Length(hints.Count + 1, map.Groups.Count, map.Dimension)).Learn(map.Groups, IndexOf(hint), beginning, whole);
    }

    private static int? IndexOf(int tokens) => Array.FindIndex(Lengths, longest => tokens < longest) is >= 0 and var length ? length : null;

    private int IndexOf(string? hint)
    {
        for (int i = 0; i < hints.Count; i++)
        {
            if (hints[i] == hint)
                return i;
        }
        return hints.Count;
    }

    /// <summary>Beginnings of about one length, and what became of them.</summary>
    private sealed class Length(int hints, int groups, int dimension)
    {
        private readonly float[][] _beginnings = Rows(hints + 1, dimension),
            _wholes = Rows(hints + 1, dimension);
        private readonly int[] _answers = new int[hints + 1];
        private readonly double[] _squares = new double[groups],
            _products = new double[groups];
        private readonly float[] _from = new float[dimension],
            _to = new float[dimension];

        // The row behind the hints is that of all answers.
        private int All => hints;

        internal int Answers => _answers[All];

        internal void Predict(IReadOnlyList<Range> ranges, int hint, Span<float> features)
        {
            int row = _answers[hint] >= EnoughOfHint ? hint : All;
            for (int g = 0; g < groups; g++)
            {
                float slope = _squares[g] > 0 ? (float)Math.Max(0, _products[g] / _squares[g]) : 0;
                Range range = ranges[g];
                Span<float> part = features[range];
                TensorPrimitives.Subtract(part, _beginnings[row].AsSpan(range), part);
                TensorPrimitives.MultiplyAdd(part, slope, _wholes[row].AsSpan(range), part);
            }
        }

        internal void Learn(IReadOnlyList<Range> ranges, int hint, ReadOnlySpan<float> beginning, ReadOnlySpan<float> whole)
        {
            // The slopes come from deviations from the hint's own means, by Welford's method.
            TensorPrimitives.Subtract(beginning, _beginnings[hint], _from);
            Add(hint, beginning, whole);
            Add(All, beginning, whole);
            for (int g = 0; g < groups; g++)
            {
                Range range = ranges[g];
                TensorPrimitives.Subtract(whole[range], _wholes[hint].AsSpan(range), _to.AsSpan(range));
                _products[g] += TensorPrimitives.Dot<float>(_from.AsSpan(range), _to.AsSpan(range));
                TensorPrimitives.Subtract(beginning[range], _beginnings[hint].AsSpan(range), _to.AsSpan(range));
                _squares[g] += TensorPrimitives.Dot<float>(_from.AsSpan(range), _to.AsSpan(range));
            }
        }

        private void Add(int row, ReadOnlySpan<float> beginning, ReadOnlySpan<float> whole)
        {
            float weight = 1f / ++_answers[row];
            TensorPrimitives.Lerp(_beginnings[row], beginning, weight, _beginnings[row]);
            TensorPrimitives.Lerp(_wholes[row], whole, weight, _wholes[row]);
        }

        private static float[][] Rows(int count, int dimension) => [.. Enumerable.Range(0, count).Select(_ => new float[dimension])];
    }
}
