namespace OnlineRlhf.Rounds.Tests;

/// <summary>The end of a loop that has work to do.</summary>
public sealed class ClosingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Closing_ends_what_is_generated_and_what_waits_and_returns_once_the_model_is_free()
    {
        CancellationToken over = TestContext.Current.CancellationToken;
        using var bench = new Bench();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var goOn = new ManualResetEventSlim();
        bench.Clock.Looked = () =>
        {
            // On the thread that generates: the request has its turn.
            if (bench.Loop.Status.QueuedRequests == 0 || entered.Task.IsCompleted)
                return;
            entered.SetResult();
            goOn.Wait(over);
        };
        Task<Round> runs = Task.Run(() => bench.OpenAsync(), over);
        await entered.Task.WaitAsync(Patience, over);
        Task<Round> waits = bench.OpenAsync(profile: "anna");
        Task closing = Task.Run(bench.Loop.Dispose, over);
        await Assert.ThrowsAnyAsync<ObjectDisposedException>(() => waits.WaitAsync(Patience, over));
        Assert.False(closing.IsCompleted, "The model could have been freed under a generation.");
        goOn.Set();
        await closing.WaitAsync(Patience, over);
        Assert.Equal(0, bench.Loop.Status.OpenRounds);
        await Assert.ThrowsAnyAsync<ObjectDisposedException>(() => runs.WaitAsync(Patience, over));
        await Assert.ThrowsAnyAsync<ObjectDisposedException>(() => bench.OpenAsync(profile: "ben"));
        Assert.False(bench.Loop.Status.IsWriting);
    }
}
