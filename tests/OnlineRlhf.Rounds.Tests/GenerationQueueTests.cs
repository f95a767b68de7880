using OnlineRlhf.Rounds.Pipeline;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>Generations that serve their result early, and go on until somebody else wants the model.</summary>
public sealed class GenerationQueueTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_generation_that_served_its_result_does_not_count_and_ends_with_the_next_request()
    {
        using var queue = new GenerationQueue(4, TimeProvider.System);
        using var ended = new ManualResetEventSlim();
        int result = await queue.RunAsync<int>((serve, _) => GoOn(serve, 1, ended), isPatient: false, Cancel);

        Assert.Equal(1, result);
        Assert.Equal(0, queue.Inside);
        Assert.Equal(TimeSpan.Zero, queue.TimeSinceProgress);
        Assert.False(ended.IsSet);
        Assert.True(await queue.RunAsync(_ => ended.IsSet, Cancel));
    }

    [Fact]
    public async Task A_request_that_waits_already_ends_it_at_once()
    {
        using var queue = new GenerationQueue(4, TimeProvider.System);
        using var begun = new ManualResetEventSlim();
        using var waiting = new ManualResetEventSlim();
        Task<bool> first = queue.RunAsync<bool>(
            (serve, _) =>
            {
                begun.Set();
                waiting.Wait(Cancel);
                return serve(true).IsCancellationRequested;
            },
            isPatient: false,
            Cancel
        );
        begun.Wait(Cancel);
        Task<bool> second = queue.RunAsync(_ => true, Cancel);
        waiting.Set();

        Assert.True(await first);
        Assert.True(await second);
    }

    [Fact]
    public async Task A_patient_request_lets_it_end_by_itself_and_a_hasty_one_behind_it_does_not()
    {
        using var queue = new GenerationQueue(4, TimeProvider.System);
        using var ended = new ManualResetEventSlim();
        _ = await queue.RunAsync<int>((serve, _) => GoOn(serve, 1, ended), isPatient: false, Cancel);
        Task<bool> patient = queue.RunAsync<bool>((_, _) => ended.IsSet, isPatient: true, Cancel);
        await Task.Delay(50, Cancel);
        Assert.False(ended.IsSet);

        Assert.True(await queue.RunAsync(_ => ended.IsSet, Cancel));
        Assert.True(await patient);
    }

    [Fact]
    public async Task Closing_the_queue_ends_it()
    {
        var queue = new GenerationQueue(4, TimeProvider.System);
        using var ended = new ManualResetEventSlim();
        _ = await queue.RunAsync<int>((serve, _) => GoOn(serve, 1, ended), isPatient: false, Cancel);
        queue.Dispose();

        Assert.True(ended.IsSet);
    }

    [Fact]
    public async Task A_failure_after_the_result_was_served_is_nobodys()
    {
        using var queue = new GenerationQueue(4, TimeProvider.System);
        int result = await queue.RunAsync<int>(
            (serve, _) =>
            {
                _ = serve(1);
                throw new InvalidOperationException();
            },
            isPatient: false,
            Cancel
        );

        Assert.Equal(1, result);
        Assert.Equal(2, await queue.RunAsync(_ => 2, Cancel));
    }

    private static int GoOn(Func<int, CancellationToken> serve, int result, ManualResetEventSlim ended)
    {
        serve(result).WaitHandle.WaitOne();
        ended.Set();
        return result;
    }
}
