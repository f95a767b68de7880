namespace OnlineRlhf.Storage.Tests;

public class KilledAtAnyDiskOperation
{
    [Theory]
    [InlineData(8, 50)]
    [InlineData(130, 20)]
    public void Nothing_acknowledged_is_lost_and_nothing_doubled(int dimension, int kills) => KillTests.KillRepeatedly(dimension, trace: true, kills);
}
