namespace OnlineRlhf.Storage.Tests;

public class KilledAtTheAcknowledgement
{
    [Theory]
    [InlineData(8, 90)]
    [InlineData(48, 50)]
    public void Nothing_acknowledged_is_lost_and_nothing_doubled(int dimension, int kills) =>
        KillTests.KillRepeatedly(dimension, trace: false, kills);
}
