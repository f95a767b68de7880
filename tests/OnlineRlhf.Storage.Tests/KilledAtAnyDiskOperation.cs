namespace OnlineRlhf.Storage.Tests;

public class KilledAtAnyDiskOperation
{
    [Theory]
    [InlineData(8, 50, false)]
    [InlineData(8, 50, true)]
    [InlineData(130, 20, false)]
    [InlineData(130, 20, true)]
    public void Nothing_acknowledged_is_lost_and_nothing_doubled(int dimension, int kills, bool mixed) =>
        KillTests.KillRepeatedly(dimension, trace: true, kills, mixed);
}
