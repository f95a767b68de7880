namespace OnlineRlhf.Storage.Tests;

public class KilledAtAnyDiskOperation
{
    [Theory]
    [InlineData(8, 25, false)]
    [InlineData(8, 25, true)]
    [InlineData(130, 10, false)]
    [InlineData(130, 10, true)]
    public void Nothing_acknowledged_is_lost_and_nothing_doubled(int dimension, int kills, bool mixed) =>
        KillTests.KillRepeatedly(dimension, trace: true, kills, mixed);
}
