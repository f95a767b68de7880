using OnlineRlhf.Experiments.Cells;

namespace OnlineRlhf.Experiments.Tests.Paper;

/// <summary>Shares of a report can be computed anywhere: each cell belongs to exactly one.</summary>
public sealed class ShareTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    public void Every_cell_is_in_exactly_one_share(int shares)
    {
        for (int cell = 0; cell < 100; cell++)
            Assert.Single(Enumerable.Range(1, shares), k => new Share(k, shares).Holds(cell));
    }

    [Theory]
    [InlineData("1/1", true)]
    [InlineData("3/16", true)]
    [InlineData("16/16", true)]
    [InlineData("0/4", false)]
    [InlineData("5/4", false)]
    [InlineData("2", false)]
    [InlineData("a/b", false)]
    [InlineData("-1/2", false)]
    [InlineData("", false)]
    public void A_share_is_written_as_one_of_so_many(string text, bool isOne) => Assert.Equal(isOne, Share.TryParse(text, out _));
}
