namespace OnlineRlhf.Storage.Tests;

public class KilledAtTheAcknowledgement
{
    [Theory]
    [InlineData(8, 30, false)]
    [InlineData(8, 20, true)]
    [InlineData(48, 15, false)]
    public void Nothing_acknowledged_is_lost_and_nothing_doubled(int dimension, int kills, bool mixed) =>
        KillTests.KillRepeatedly(dimension, trace: false, kills, mixed);
}
