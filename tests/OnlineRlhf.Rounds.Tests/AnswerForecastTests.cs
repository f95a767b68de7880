using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds.Pipeline;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>What the beginning of an answer says about the whole. Features are those of a model whose hidden states have two values.</summary>
public sealed class AnswerForecastTests
{
    private const string Hint = "Be warm.";
    private const int Tokens = 8,
        Enough = 20;
    private static readonly FeatureMap Map = new(2, [1, 1, 1], TextStatistics.For("en"));
    private static readonly string[] Hints = [Hint, "Use simple words."];
    private readonly AnswerForecast _forecast = new(Hints);
    private readonly Random _random = new(1);

    [Fact]
    public void Until_enough_answers_are_whole_a_beginning_counts_as_it_stands()
    {
        Learn(Enough - 1, Hint, slope: 2, offset: 5);
        float[] beginning = Draw();

        Assert.Equal(beginning, Predict(beginning, Hint));
    }

    [Fact]
    public void Then_each_group_is_stretched_by_its_own_slope_about_the_mean_of_the_hint()
    {
        // The first hidden block of a whole answer deviates by half of what its beginning does, the number of tokens by twice as much.
        Learn(200, Hint, group => group == 0 ? 0.5f : 2, offset: 5);
        float[] beginning = Draw(),
            predicted = Predict(beginning, Hint);

        for (int i = 0; i < Map.Dimension; i++)
            Assert.Equal(5 + ((i < 2 ? 0.5f : 2) * beginning[i]), predicted[i], 0.02f);
    }

    [Fact]
    public void A_hint_has_means_of_its_own_and_one_without_answers_takes_those_of_all()
    {
        Learn(60, Hint, slope: 1, offset: 10);
        Learn(60, null, slope: 1, offset: -10);
        float[] beginning = Draw();

        Assert.Equal(beginning[0] + 10, Predict(beginning, Hint)[0], 0.02f);
        Assert.Equal(beginning[0] - 10, Predict(beginning, null)[0], 0.02f);
        Assert.Equal(beginning[0], Predict(beginning, Hints[1])[0], 0.02f);
    }

    [Fact]
    public void A_feature_that_says_nothing_about_the_whole_counts_nothing()
    {
        for (int i = 0; i < 2000; i++)
            _forecast.Learn(Map, Tokens, Hint, Draw(), Draw());
        float[] beginning = Draw();

        Assert.All(Predict(beginning, Hint), value => Assert.InRange(value, -0.3f, 0.3f));
    }

    [Fact]
    public void Another_length_is_not_touched_and_a_long_beginning_counts_as_it_stands()
    {
        Learn(100, Hint, slope: 2, offset: 5);
        float[] beginning = Draw();
        foreach (int tokens in (int[])[6, 12, 64, 1000])
        {
            float[] features = [.. beginning];
            _forecast.Learn(Map, 1000, Hint, beginning, beginning);
            _forecast.Predict(Map, tokens, Hint, features);
            Assert.Equal(beginning, features);
        }
    }

    [Fact]
    public void The_usual_length_is_known_when_a_rounds_answers_were_written()
    {
        _forecast.Written(Answers(7, 30));
        Assert.Null(_forecast.ExpectedTokens);
        _forecast.Written(Answers(1, 38));
        Assert.Equal(31, _forecast.ExpectedTokens!.Value, 9);
        // Answers that a low limit cut do not count.
        _forecast.Written(Answers(100, 3, isComplete: false));
        Assert.Equal(31, _forecast.ExpectedTokens!.Value, 9);
        _forecast.Written(Answers(300, 100, isComplete: false));
        Assert.InRange(_forecast.ExpectedTokens!.Value, 95, 100);
    }

    [Theory]
    [InlineData(null, null, 6, 3)]
    [InlineData(27d, null, 8, 8)]
    [InlineData(70d, 8, 6, 3)]
    public void A_round_that_may_ask_is_steered_only_if_answers_are_known_to_be_long(double? usual, int? mayAsk, int asksNothing, int branches)
    {
        var steering = new SteeringOptions();
        Assert.Equal(mayAsk, steering.For(isServed: false, usual)?.FirstBlock);
        Assert.Equal((asksNothing, branches), steering.For(isServed: true, usual) is { } served ? (served.FirstBlock, served.Branches) : default);
    }

    private static IEnumerable<Candidate> Answers(int count, int tokens, bool isComplete = true) =>
        Enumerable.Repeat(new Candidate("", tokens, isComplete, null, null!), count);

    private void Learn(int answers, string? hint, float slope, float offset) => Learn(answers, hint, _ => slope, offset);

    private void Learn(int answers, string? hint, Func<int, float> slope, float offset)
    {
        for (int i = 0; i < answers; i++)
        {
            float[] beginning = Draw(),
                whole = new float[Map.Dimension];
            foreach ((int group, Range range) in Map.Groups.Index())
            {
                for (int k = range.Start.Value; k < range.End.Value; k++)
                    whole[k] = offset + (slope(group) * beginning[k]);
            }
            _forecast.Learn(Map, Tokens, hint, beginning, whole);
        }
    }

    private float[] Predict(float[] beginning, string? hint)
    {
        float[] features = [.. beginning];
        _forecast.Predict(Map, Tokens, hint, features);
        return features;
    }

    private float[] Draw() => [.. Enumerable.Range(0, Map.Dimension).Select(_ => (float)(_random.NextDouble() - 0.5))];
}
