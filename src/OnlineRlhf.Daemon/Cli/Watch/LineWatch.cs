using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OnlineRlhf.Daemon.Http;

namespace OnlineRlhf.Daemon.Cli.Watch;

/// <summary>Prints a line per event, for a pipe or a log. It prints the texts of answers only if the caller asks for them.</summary>
internal sealed class LineWatch(DaemonClient daemon, string? profile, bool withText, TimeProvider clock)
{
    private const int BrokenPipe = 32;

    private WatchState _state = new() { Profile = profile };

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        // System.Console hides a closed pipe, so the program would run on after its reader has ended.
        using var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IOException? unread = null;
        try
        {
            await new EventFeed(daemon, profile, withText, Print).FollowAsync(over.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (unread is not null)
        {
            // A closed pipe is a normal end: the reader has ended. A full disk is an error.
            if (unread.HResult != BrokenPipe)
                throw new IOException($"the lines cannot be written: {unread.Message}", unread);
        }

        void Print(WatchInput input)
        {
            WatchState before = _state;
            _state = _state.After(input);
            foreach (string line in Lines(before, input))
            {
                try
                {
                    output.Write(
                        Encoding.UTF8.GetBytes(
                            string.Create(CultureInfo.InvariantCulture, $"{clock.GetLocalNow():HH:mm:ss} {TerminalText.Line(line)}\n")
                        )
                    );
                }
                catch (IOException e)
                {
                    unread = e;
                    over.Cancel();
                    return;
                }
            }
        }
    }

    private IEnumerable<string> Lines(WatchState before, WatchInput input)
    {
        if (input is WatchInput.Lost lost && before.Lost != lost.Why)
            yield return $"No connection to the daemon. {lost.Why}";
        if (input is WatchInput.Snapshot { Body.Status: not "ready" })
            yield return "The model is loading.";
        else if (input is WatchInput.Snapshot && (before.Lost is not null || before.IsLoading))
            yield return "Connected.";
        if (_state.Writing is { } writing && before.Writing is null)
            yield return $"{writing.Profile}: writing answers.";
        if (_state.Pair is { } pair && pair.Id != before.Pair?.Id)
        {
            yield return $"{pair.Profile}: a pair is open, of {Plural.Of(pair.First.Tokens, "token")} "
                + $"and {Plural.Of(pair.Second?.Tokens ?? 0, "token")}.";
            if (withText)
            {
                yield return $"First: {pair.First.Text}";
                yield return $"Second: {pair.Second?.Text}";
            }
        }
        if (_state.Notices != before.Notices)
            yield return _state.Notice!;
    }
}
