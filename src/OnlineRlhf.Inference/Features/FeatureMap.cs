using System.Globalization;
using System.IO.Hashing;
using System.Numerics.Tensors;
using System.Text;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Features;

/// <summary>
/// The features φ(x,a) of an answer: [ c₁ · mean of h_t ; c₂ · mean of the first three ; c₃ · mean of the last three ; log(1 + tokens) ; 0.3 · text
/// statistics ].
/// </summary>
/// <remarks>
/// d = 3 · embedding + 17. A randomised Hadamard projection of the hidden blocks limits d to <see cref="MaxDimension"/>. The scales c belong to the
/// model: every board with this model has the same map, so that states can be moved. Safe for concurrent use.
/// </remarks>
public sealed class FeatureMap
{
    /// <summary>A vector of this many floats still fits into one page of the database.</summary>
    public const int MaxDimension = 1984;

    private const int Named = 1 + TextStatistics.Count;
    private const float StatisticsWeight = 0.3f;
    private const int Version = 1;

    // The learner still accepts a difference of two features of this size.
    private const float LargestFeature = 5e5f;
    private const byte CalibrationVersion = 2;

    // Another build of the engine measures slightly different scales. The search covers 20 units of the third digit in each direction.
    private const int Reach = 20;
    private readonly int _width,
        _hidden;
    private readonly float[] _scales;
    private readonly TextStatistics _statistics;
    private readonly HadamardProjection? _projection;

    /// <summary>Creates the map of a model from its calibrated scales.</summary>
    /// <param name="embeddingLength">The width of a hidden state.</param>
    /// <param name="scales">c₁, c₂, c₃, as <see cref="Calibrate"/> returns them.</param>
    /// <param name="statistics">The statistics of the person's language.</param>
    public FeatureMap(int embeddingLength, IReadOnlyList<double> scales, TextStatistics statistics)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(embeddingLength);
        ArgumentNullException.ThrowIfNull(scales);
        ArgumentNullException.ThrowIfNull(statistics);
        if (!AreValid(scales))
            throw new ArgumentException($"A feature map takes {HiddenBlocks.Count} finite scales, none negative.", nameof(scales));
        _width = embeddingLength;
        Scales = [.. scales];
        _scales = [.. scales.Select(c => (float)c)];
        _statistics = statistics;
        int full = HiddenBlocks.Count * embeddingLength;
        _hidden = DimensionOf(embeddingLength) - Named;
        _projection = _hidden < full ? new HadamardProjection(full, _hidden) : null;
        Dimension = _hidden + Named;
        Groups =
        [
            // The projection mixes the blocks.
            .. _projection is null ? Enumerable.Range(0, HiddenBlocks.Count).Select(b => (b * _width)..((b + 1) * _width)) : [Range.EndAt(_hidden)],
            .. Enumerable.Range(_hidden, Named).Select(i => i..(i + 1)),
        ];
        Fingerprint = Identify(embeddingLength, scales, statistics);
    }

    /// <summary>The number of features, d, of a model whose hidden states have this width.</summary>
    public static int DimensionOf(int embeddingLength) => (int)Math.Min((long)HiddenBlocks.Count * embeddingLength, MaxDimension - Named) + Named;

    /// <summary>The number of features, d.</summary>
    public int Dimension { get; }

    /// <summary>
    /// Identifies the map. Maps with other blocks, scales, statistics or projection have another fingerprint, and cannot read each other's states.
    /// </summary>
    public string Fingerprint { get; }

    /// <summary>The scales c₁, c₂, c₃.</summary>
    public IReadOnlyList<double> Scales { get; }

    /// <summary>The names of the features from <see cref="FirstNamed"/> on.</summary>
    public static IReadOnlyList<string> Names { get; } = ["tokens", .. TextStatistics.Names];

    /// <summary>The groups of features that behave alike: each hidden block, and each named feature.</summary>
    public IReadOnlyList<Range> Groups { get; }

    /// <summary>The index of the first feature that has a name.</summary>
    public int FirstNamed => _hidden;

    /// <summary>Computes φ. All values are finite, and small enough to learn from.</summary>
    /// <param name="hidden">The answer's hidden states.</param>
    /// <param name="request">The user's last message, without a hint.</param>
    /// <param name="answer">The answer's text.</param>
    /// <param name="features">Receives <see cref="Dimension"/> values.</param>
    /// <exception cref="InferenceException">The hidden states are not finite numbers, or are far larger than those in the calibration.</exception>
    public void Map(HiddenBlocks hidden, string request, string answer, Span<float> features)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        float[] blocks = new float[HiddenBlocks.Count * _width];
        hidden.CopyTo(blocks);
        for (int b = 0; b < HiddenBlocks.Count; b++)
        {
            Span<float> block = blocks.AsSpan(b * _width, _width);
            TensorPrimitives.Multiply(block, _scales[b], block);
        }
        if (_projection is null)
            blocks.CopyTo(features);
        else
            _projection.Project(blocks, features[.._hidden]);
        features[_hidden] = MathF.Log(1 + hidden.Tokens);
        Span<float> statistics = features.Slice(_hidden + 1, TextStatistics.Count);
        _statistics.Compute(request, answer, statistics);
        TensorPrimitives.Multiply(statistics, StatisticsWeight, statistics);
        // A comparison with NaN is false, so this form refuses NaN too.
        if (!(TensorPrimitives.MaxMagnitude<float>(features[..Dimension]) <= LargestFeature))
            throw new InferenceException(
                InferenceError.NotFinite,
                "The model's hidden states are not numbers for this answer, or far larger than usual: nothing can be learned from it."
            );
    }

    /// <summary>
    /// Measures the scales of a model. Each scale gives the block's deviations from the mean of their request a root mean square of 1/√3, and is
    /// rounded to three digits. A block that hardly deviates gets 0. This decodes the calibration set once: a few thousand tokens.
    /// </summary>
    /// <remarks>
    /// Every answer is measured whole and also cut in its middle, like an answer that the token limit cuts. Whole answers all end alike, so their
    /// last three states hardly deviate. Scales from whole answers alone would be so large that the last states of cut answers drown everything else
    /// (on SmolLM2, four fifths of φ's variance).
    /// </remarks>
    public static double[] Calibrate(LanguageModel model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        int width = model.EmbeddingLength;
        double[] deviation = new double[HiddenBlocks.Count],
            level = new double[HiddenBlocks.Count];
        int answers = 0,
            failed = 0;
        foreach (CalibrationRequest example in CalibrationSet.Default)
        {
            IReadOnlyList<HiddenBlocks> forced;
            try
            {
                forced = model.ForceWholeAndCut([new ChatMessage("user", example.Request)], example.Answers, cancellationToken);
            }
            catch (InferenceException e) when (e.Error == InferenceError.NotFinite && ++failed <= CalibrationSet.Default.Count / 2)
            {
                // The weights of one word are damaged. Other texts can still calibrate the model, and requests without that word can be served.
                continue;
            }
            float[] mean = new float[HiddenBlocks.Count * width],
                one = new float[mean.Length];
            foreach (HiddenBlocks hidden in forced)
            {
                hidden.CopyTo(one);
                TensorPrimitives.Add(mean, one, mean);
            }
            TensorPrimitives.Divide(mean, forced.Count, mean);
            foreach (HiddenBlocks hidden in forced)
            {
                hidden.CopyTo(one);
                for (int b = 0; b < HiddenBlocks.Count; b++)
                {
                    Range block = (b * width)..((b + 1) * width);
                    float distance = TensorPrimitives.Distance(one[block], mean[block]),
                        norm = TensorPrimitives.Norm(one[block]);
                    deviation[b] += (double)distance * distance;
                    level[b] += (double)norm * norm;
                }
            }
            answers += forced.Count;
        }
        return [.. deviation.Select((sum, b) => Scale(Math.Sqrt(sum / answers), Math.Sqrt(level[b] / answers)))];
    }

    /// <summary>
    /// Finds the map with a given fingerprint by trying scales near the given ones. Another build of the engine measures scales that differ in their
    /// third digit.
    /// </summary>
    /// <param name="fingerprint">The <see cref="Fingerprint"/> of the wanted map.</param>
    /// <param name="embeddingLength">The width of a hidden state.</param>
    /// <param name="near">Scales of three digits. Each scale of the map differs by at most 20 units of the last digit.</param>
    /// <param name="statistics">The statistics of the person's language.</param>
    /// <returns>The map; null if no scales match. Costs up to 70,000 hashes.</returns>
    public static FeatureMap? Find(string fingerprint, int embeddingLength, IReadOnlyList<double> near, TextStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(near);
        ArgumentNullException.ThrowIfNull(statistics);
        if (!AreValid(near))
            return null;
        double[] scales = new double[HiddenBlocks.Count];
        return Search(0);

        FeatureMap? Search(int block)
        {
            if (block == scales.Length)
                return Identify(embeddingLength, scales, statistics) == fingerprint ? new FeatureMap(embeddingLength, scales, statistics) : null;
            FeatureMap? found = null;
            for (int step = 0; found is null && step <= (near[block] > 0 ? 2 * Reach : 0); step++)
            {
                scales[block] = Neighbour(near[block], (step % 2 == 0 ? 1 : -1) * ((step + 1) / 2));
                found = Search(block + 1);
            }
            return found;
        }
    }

    /// <summary>A key for everything that a model's scales depend on: the model, its chat template, the calibration set and the method.</summary>
    public static string CalibrationKey(LanguageModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var hash = new XxHash64();
        hash.Append([CalibrationVersion]);
        hash.Append(model.TemplateBytes);
        foreach (string text in CalibrationSet.Default.SelectMany(r => r.Answers.Prepend(r.Request)))
            hash.Append(Encoding.UTF8.GetBytes(text));
        return $"{model.Fingerprint}-{hash.GetCurrentHashAsUInt64():x16}";
    }

    private static double Scale(double rootMeanSquare, double level)
    {
        if (!double.IsFinite(rootMeanSquare))
            throw new InferenceException(
                InferenceError.NotFinite,
                "The model's hidden states are not numbers, and teach nothing. Its file is damaged: download it again, or use another one."
            );
        const double nothing = 1e-6;
        if (rootMeanSquare <= nothing * level || rootMeanSquare < 1e-30)
            return 0;
        return double.Parse(
            (1 / (Math.Sqrt(HiddenBlocks.Count) * rootMeanSquare)).ToString("E2", CultureInfo.InvariantCulture),
            CultureInfo.InvariantCulture
        );
    }

    private static bool AreValid(IReadOnlyList<double> scales) => scales.Count == HiddenBlocks.Count && scales.All(c => double.IsFinite(c) && c >= 0);

    /// <summary>The number with three significant digits that is this many steps above another one.</summary>
    private static double Neighbour(double scale, int steps)
    {
        if (scale == 0 || steps == 0)
            return scale;
        // Each power of ten has 900 such numbers, written d.ddE±eee.
        string text = scale.ToString("E2", CultureInfo.InvariantCulture);
        int place =
            (900 * int.Parse(text[5..], CultureInfo.InvariantCulture))
            + int.Parse($"{text[0]}{text[2..4]}", CultureInfo.InvariantCulture)
            - 100
            + steps;
        int power = (int)Math.Floor(place / 900d);
        return double.Parse($"{place - (900 * power) + 100}E{power - 2}", CultureInfo.InvariantCulture);
    }

    private static string Identify(int embeddingLength, IReadOnlyList<double> scales, TextStatistics statistics)
    {
        string all = string.Join(',', scales.Select(c => c.ToString("R", CultureInfo.InvariantCulture)));
        string description = string.Create(
            CultureInfo.InvariantCulture,
            $"{Version};{embeddingLength};{DimensionOf(embeddingLength) - Named};{all};{StatisticsWeight};{statistics.Fingerprint}"
        );
        return Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(description)));
    }
}
