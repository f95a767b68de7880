using System.CommandLine;
using System.Runtime.InteropServices;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>Runs a command, and ends it on a signal. The library's own handling of signals crashes at the second signal.</summary>
internal static class Invocation
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    internal static async Task<int> RunAsync(ParseResult parsed)
    {
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        // The commands serve and watch handle signals themselves.
        if (parsed.CommandResult.Command.Name is ServeVerb.Name or WatchVerb.Name)
            return await parsed.InvokeAsync(configuration).ConfigureAwait(false);
        using var over = new CancellationTokenSource();
        void End(PosixSignalContext signal)
        {
            // The second signal ends the process as if there were no handler.
            signal.Cancel = !over.IsCancellationRequested;
            over.Cancel();
        }
        // A closed terminal sends SIGHUP.
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End),
            terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End),
            hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, End);
        Output.Clean();
        Task<int> running = Task.Run(() => parsed.InvokeAsync(configuration, over.Token), CancellationToken.None);
        await Task.WhenAny(running, LimitAsync(over.Token)).ConfigureAwait(false);
        // If the command ignores the token, the end of the process ends the command.
        return running.IsCompleted ? await running.ConfigureAwait(false) : ExitCode.Failure;
    }

    private static async Task LimitAsync(CancellationToken over)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.Delay(Limit, CancellationToken.None).ConfigureAwait(false);
    }
}
