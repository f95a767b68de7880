using OnlineRlhf.Inference.Features;

namespace OnlineRlhf.Inference.Tests.Features;

public sealed class CalibrationSetTests
{
    [Fact]
    public void There_are_a_dozen_requests_with_five_different_answers()
    {
        Assert.Equal(12, CalibrationSet.Default.Count);
        Assert.Equal(12, CalibrationSet.Default.Select(entry => entry.Request).Distinct().Count());
        Assert.All(CalibrationSet.Default, entry => Assert.Equal(5, entry.Answers.Distinct().Count()));
        Assert.All(
            CalibrationSet.Default.SelectMany(entry => entry.Answers),
            answer => Assert.InRange(answer.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length, 3, 70)
        );
    }

    [Fact]
    public void The_answers_to_every_request_differ_in_length_and_the_set_in_every_statistic()
    {
        TextStatistics statistics = TextStatistics.For("en");
        List<float[]> all = [];
        foreach (CalibrationRequest entry in CalibrationSet.Default)
        {
            List<float[]> own = [];
            foreach (string answer in entry.Answers)
            {
                own.Add(new float[TextStatistics.Count]);
                statistics.Measure(entry.Request, answer, own[^1]);
            }
            Assert.True(own.Max(values => values[0]) - own.Min(values => values[0]) > .7f, entry.Request);
            all.AddRange(own);
        }
        // Nothing in everyday answers needs digits; all else occurs, and is absent somewhere.
        Assert.All(
            Enumerable.Range(0, TextStatistics.Count).Where(i => TextStatistics.Names[i] != "numbers"),
            i => Assert.True(all.Max(values => values[i]) > all.Min(values => values[i]), TextStatistics.Names[i])
        );
    }

    [Fact]
    public void Line_breaks_are_written_as_an_escape()
    {
        CalibrationRequest entry = Assert.Single(CalibrationSet.Parse(["# How?", "- So.", "", "- In steps:\\n- One\\n- Two"]));
        Assert.Equal("How?", entry.Request);
        Assert.Equal(["So.", "In steps:\n- One\n- Two"], entry.Answers);
    }

    [Theory]
    [InlineData("- an answer before any request")]
    [InlineData("# A request|- one answer")]
    [InlineData("# A request|- one|- two|something else")]
    public void A_malformed_set_is_refused(string lines) => Assert.Throws<InvalidDataException>(() => CalibrationSet.Parse(lines.Split('|')));
}
