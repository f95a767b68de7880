namespace OnlineRlhf.Storage.Tests;

public class KilledAtTheAcknowledgement
{
    [Theory]
    [InlineData(8, 90, false)]
    [InlineData(8, 50, true)]
    [InlineData(48, 50, false)]
    public void Nothing_acknowledged_is_lost_and_nothing_doubled(int dimension, int kills, bool mixed) =>
        KillTests.KillRepeatedly(dimension, trace: false, kills, mixed);
}
