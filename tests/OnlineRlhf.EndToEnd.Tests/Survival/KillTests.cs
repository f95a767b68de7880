namespace OnlineRlhf.EndToEnd.Tests.Survival;

/// <summary>SIGKILL at an acknowledgement, and at any other moment: nothing that was acknowledged is lost or doubled.</summary>
public sealed class KillTests
{
    private const string Short = """ "max_tokens": 10, "candidates": 4 """;

    [PublishedFact]
    public async Task After_a_kill_at_the_acknowledgement_the_retry_is_confirmed_and_another_answer_is_refused()
    {
        using var folder = new TempFolder();
        Reply first,
            last,
            round;
        await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder))
        {
            first = await daemon.Client.PreferAsync((await daemon.Client.AskForTwoAsync(more: Short)).Id, "tie");
            for (int n = 2; n < 6; n++)
                await daemon.Client.PreferAsync((await daemon.Client.AskForTwoAsync(more: Short)).Id, "first");
            Reply skipped = await daemon.Client.AskForTwoAsync(more: Short);
            await daemon.Client.PreferAsync(skipped.Id, "skip");
            round = await daemon.Client.AskForTwoAsync(more: Short);
            last = await daemon.Client.PreferAsync(round.Id, "second");
            await daemon.KillAsync();
            Assert.Equal(6, last.Comparisons);

            await using DaemonProcess again = await DaemonProcess.StartReadyAsync(folder);
            Reply retried = await again.Client.PreferAsync(round.Id, "second");
            Assert.Equal((200, last.Body), (retried.Status, retried.Body));
            Assert.Equal(first.Body, (await again.Client.PreferAsync(first.Id, "tie")).Body);
            (await again.Client.PreferAsync(round.Id, "first")).MustBeProblem(409);
            (await again.Client.PreferAsync(round.Id, "skip")).MustBeProblem(409);
            (await again.Client.PreferAsync(skipped.Id, "skip")).MustBeProblem(404);
            (await again.Client.GetAsync($"/v1/rounds/{round.Id}")).MustBeProblem(404);
            Assert.Equal(7, (await again.Client.PreferAsync((await again.Client.AskForTwoAsync(more: Short)).Id, "first")).Comparisons);
        }
    }

    [PublishedFact]
    public async Task In_twenty_kills_under_fire_no_acknowledged_feedback_is_lost_and_none_counts_twice()
    {
        using var folder = new TempFolder();
        var random = new Random(4);
        // The last feedback whose answer the kill may have swallowed: it was learned or it was not, but a retry must not learn it twice.
        Reply? last = null;
        string? lastAnswer = null;
        long acknowledged = 0;
        for (int start = 0; start < 20; start++)
        {
            await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
            if (last is not null)
                Assert.Equal(last.Body, (await daemon.Client.PreferAsync(last.Id, lastAnswer!)).Body);
            int presses = random.Next(1, 6);
            for (int n = 0; n < presses; n++)
            {
                Reply round = await daemon.Client.AskForTwoAsync(more: Short);
                lastAnswer = n % 2 == 0 ? "first" : "second";
                last = await daemon.Client.PreferAsync(round.Id, lastAnswer);
                Assert.True(last.Status == 200, last.Body);
                Assert.Equal(++acknowledged, last.Comparisons);
            }
            if (start % 2 == 0)
            {
                await daemon.KillAsync();
                continue;
            }
            // Killed while a feedback is on its way.
            Reply open = await daemon.Client.AskForTwoAsync(more: Short);
            Task<Reply> underway = daemon.Client.PreferAsync(open.Id, "first");
            await Task.Delay(TimeSpan.FromMilliseconds(random.NextDouble() * 4), TestContext.Current.CancellationToken);
            await daemon.KillAsync();
            try
            {
                last = await underway;
                lastAnswer = "first";
                Assert.Equal(++acknowledged, last.Comparisons);
            }
            catch (HttpRequestException)
            {
                await using DaemonProcess after = await DaemonProcess.StartReadyAsync(folder);
                Reply retried = await after.Client.PreferAsync(open.Id, "first");
                Assert.Contains(retried.Status, new[] { 200, 404 });
                if (retried.Status == 200)
                {
                    Assert.Equal(++acknowledged, retried.Comparisons);
                    (last, lastAnswer) = (retried, "first");
                }
                await after.KillAsync();
            }
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"{acknowledged} acknowledged.");
    }
}
