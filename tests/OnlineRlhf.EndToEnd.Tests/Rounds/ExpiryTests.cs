namespace OnlineRlhf.EndToEnd.Tests.Rounds;

public sealed class ExpiryTests
{
    [PublishedFact]
    public async Task A_round_whose_lifetime_is_over_takes_no_feedback()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--round-lifetime", "1");
        Reply round = await daemon.Client.AskForTwoAsync();
        while ((await daemon.Client.GetAsync($"/v1/rounds/{round.Id}")).Status == 200)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        Reply refused = await daemon.Client.PreferAsync(round.Id, "first");

        refused.MustBeProblem(410, "lifetime");
        Assert.Equal("expired", refused.Reason);
        (await daemon.Client.GetAsync("/v1/rounds/current")).MustBeProblem(404);
    }
}
