using OnlineRlhf.Experiments.Reporting;

namespace OnlineRlhf.Experiments.Tests.Paper;

/// <summary>Means and their 95 % intervals.</summary>
public sealed class IntervalTests
{
    [Fact]
    public void The_margin_is_Student_s_t_times_the_standard_error()
    {
        Interval interval = Interval.Of([1, 2, 3, 4]);
        // t of three degrees of freedom is 3.182; the deviation is √(5/3), the standard error half of it.
        Assert.Equal(2.5, interval.Mean);
        Assert.Equal(3.1824463 * Math.Sqrt(5 / 3.0) / 2, interval.Margin, 1e-5);
    }

    [Fact]
    public void One_value_has_no_interval() => Assert.True(double.IsNaN(Interval.Of([3]).Margin));

    [Theory]
    [InlineData(12.3456, 0.234, "12.35 ± 0.23")]
    [InlineData(1234.6, 45.6, "1235 ± 46")]
    [InlineData(0.5, 0.00012, "0.50000 ± 0.00012")]
    public void It_is_written_with_as_many_digits_as_it_is_worth(double mean, double margin, string text) =>
        Assert.Equal(text, new Interval(mean, margin, 16).ToString());
}
