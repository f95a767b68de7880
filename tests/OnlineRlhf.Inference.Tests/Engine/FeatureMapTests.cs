using OnlineRlhf.Inference.Features;

namespace OnlineRlhf.Inference.Tests.Engine;

public sealed class FeatureMapTests
{
    private static readonly TextStatistics English = TextStatistics.For("en");

    [Theory]
    [InlineData(192, 593)]
    [InlineData(576, 1745)]
    [InlineData(655, 1982)]
    [InlineData(656, 1984)]
    [InlineData(4096, 1984)]
    public void The_dimension_is_three_blocks_and_seventeen_or_the_most_that_fits_a_page(int embedding, int dimension) =>
        Assert.Equal(dimension, new FeatureMap(embedding, [1, 1, 1], English).Dimension);

    [Fact]
    public void Blocks_are_the_means_over_all_tokens_the_first_three_and_the_last_three()
    {
        var hidden = new HiddenBlocks(1);
        foreach (float h in new float[] { 1, 2, 3, 10, 20 })
            hidden.Add([h]);
        float[] features = new float[3 + 17];
        new FeatureMap(1, [1, 10, 100], English).Map(hidden, "Tell me a joke.", "A joke.", features);
        Assert.Equal([7.2f, 20f, 1100f], features[..3]);
        Assert.Equal(MathF.Log(6), features[3], 1e-6f);
    }

    [Fact]
    public void An_answer_of_one_token_has_three_equal_blocks()
    {
        var hidden = new HiddenBlocks(2);
        hidden.Add([1, 2]);
        float[] features = new float[6 + 17];
        new FeatureMap(2, [1, 1, 1], English).Map(hidden, "a", "b", features);
        Assert.Equal([1, 2, 1, 2, 1, 2], features[..6]);
    }

    [Fact]
    public void The_fingerprint_tells_scales_and_languages_apart()
    {
        string one = new FeatureMap(8, [1, 1, 1], English).Fingerprint;
        Assert.Equal(one, new FeatureMap(8, [1, 1, 1], English).Fingerprint);
        Assert.NotEqual(one, new FeatureMap(8, [1, 1, 1.01], English).Fingerprint);
        Assert.NotEqual(one, new FeatureMap(9, [1, 1, 1], English).Fingerprint);
        Assert.NotEqual(one, new FeatureMap(8, [1, 1, 1], TextStatistics.For("xx")).Fingerprint);
    }

    [Theory]
    [InlineData(0.0472, 0.0472, 0)]
    [InlineData(0.0472, 0.0473, 3.04)]
    [InlineData(0.0999, 0.101, 3)]
    [InlineData(0.101, 0.0995, 3.2)]
    [InlineData(1.23e-12, 1.43e-12, 3)]
    [InlineData(1.23e5, 1.25e5, 2.8)]
    public void A_map_is_found_by_its_fingerprint_among_those_with_scales_near_the_measured_ones(double measured, double created, double last)
    {
        var map = new FeatureMap(576, [created, 0, last], English);
        FeatureMap? found = FeatureMap.Find(map.Fingerprint, 576, [measured, 0, last == 0 ? 0 : 3], English);
        Assert.Equal(map.Scales, found?.Scales);
    }

    [Fact]
    public void A_map_whose_scales_are_far_away_or_of_another_kind_is_not_found()
    {
        string far = new FeatureMap(8, [1, 1, 1.3], English).Fingerprint;
        Assert.Null(FeatureMap.Find(far, 8, [1, 1, 1], English));
        Assert.Null(FeatureMap.Find(far, 9, [1, 1, 1.3], English));
        Assert.Null(FeatureMap.Find(far, 8, [1, 1, 1.3], TextStatistics.For("xx")));
        Assert.Null(FeatureMap.Find(far, 8, [1, 1], English));
        Assert.Null(FeatureMap.Find(far, 8, [1, double.NaN, 1.3], English));
        Assert.NotNull(FeatureMap.Find(far, 8, [1, 1, 1.3], English));
        string fine = new FeatureMap(8, [0.04721, 1, 1], English).Fingerprint;
        Assert.NotNull(FeatureMap.Find(fine, 8, [0.04721, 1, 1], English));
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("smollm2")]
    public void Calibration_gives_three_digits_and_deviations_of_one_in_all(string name)
    {
        double[] scales = Models.Scales(name);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(" ", scales));
        Assert.Equal(HiddenBlocks.Count, scales.Length);
        Assert.All(scales, c => Assert.Equal(c, double.Parse(c.ToString("G3", null), null)));
        Assert.All(scales, c => Assert.InRange(c, 1e-4, 10));
    }

    [Fact]
    public void The_projection_keeps_distances_in_the_mean()
    {
        const int from = 2688,
            to = 1967;
        var projection = new HadamardProjection(from, to);
        var random = new Random(1);
        double ratio = 0;
        const int pairs = 50;
        for (int i = 0; i < pairs; i++)
        {
            float[] v = [.. Enumerable.Range(0, from).Select(_ => (float)random.NextDouble() - 0.5f)],
                p = new float[to];
            projection.Project(v, p);
            ratio += Norm(p) / Norm(v) / pairs;
        }
        Assert.InRange(ratio, 0.98, 1.02);

        static double Norm(float[] v) => Math.Sqrt(v.Sum(x => (double)x * x));
    }

    [Fact]
    public void Scales_that_are_no_numbers_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new FeatureMap(8, [1, 1], English));
        Assert.Throws<ArgumentException>(() => new FeatureMap(8, [1, double.NaN, 1], English));
        Assert.Throws<ArgumentException>(() => new FeatureMap(8, [1, -1, 1], English));
    }
}
