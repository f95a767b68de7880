using System.Device.Gpio;
using System.Threading.Channels;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Hardware;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Feedback;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>
/// Passes presses of the board's buttons to the loop, and shows on the lamps what the loop does. Does nothing if the settings name no board.
/// </summary>
/// <param name="options">The settings, which say how the board is wired.</param>
/// <param name="host">Loads the model and gives the loop.</param>
/// <param name="events">Carries the events of the loop, and receives those of the board.</param>
/// <param name="clock">The clock, which the loop uses too.</param>
/// <param name="logger">The daemon's log.</param>
/// <param name="open">Opens a GPIO chip by its label; null if the board should look for the chip among the system's.</param>
internal sealed class BoardHost(
    DaemonOptions options,
    ModelHost host,
    EventHub events,
    TimeProvider clock,
    ILogger logger,
    Func<string, GpioController>? open = null
) : BackgroundService
{
    private readonly Channel<BoardEvent> _events = Channel.CreateUnbounded<BoardEvent>(new UnboundedChannelOptions { SingleReader = true });
    private Board? _board;
    private string? _failure;

    /// <summary>Whether the settings name a board.</summary>
    internal bool IsWanted { get; } = options.ForBoard() is not null;

    /// <summary>The answers that the wired buttons give.</summary>
    internal IReadOnlyList<string> Buttons { get; } =
    [.. (options.ForBoard()?.Buttons.Keys ?? []).Select(PreferenceWords.OfButton).Order().Select(p => WireName.Of(p))];

    /// <summary>Why the board cannot be used right now; null if it works.</summary>
    internal string? Problem => _failure ?? (_board is null ? "not opened yet" : _board.Problem);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.ForBoard() is not { } wiring)
            return;
        try
        {
            await RunAsync(wiring, stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The daemon is stopping.
        }
        catch (Exception e)
        {
            // No failure of the board may end the daemon, because clients at the socket can be served without it.
            _failure = $"they have failed ({e.Message.TrimEnd('.')}) and rest until the next start; the socket goes on.";
            logger.BoardLost(_failure);
        }
    }

    private async Task RunAsync(BoardOptions wiring, CancellationToken stoppingToken)
    {
        using Board board = _board = new Board(wiring, clock, happened => _events.Writer.TryWrite(happened), open);
        board.Set(Lamp.Thinking, true);
        PreferenceLoop loop = await host.LoadedAsync(stoppingToken).ConfigureAwait(false);
        using EventHub.Subscription following = events.Follow();
        Show(board, loop);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        Task[] work = [TakePressesAsync(board, loop, over.Token), LightLampsAsync(board, loop, following, over.Token)];
        Task ended = await Task.WhenAny(work).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ended.ConfigureAwait(false);
    }

    private async Task TakePressesAsync(Board board, PreferenceLoop loop, CancellationToken stoppingToken)
    {
        // These events include presses from before the model was loaded. The loop finds no round for them, and reports that.
        await foreach (BoardEvent happened in _events.Reader.ReadAllAsync(stoppingToken).ConfigureAwait(false))
        {
            switch (happened)
            {
                case BoardEvent.Pressed press:
                    await TakeAsync(board, loop, press).ConfigureAwait(false);
                    break;
                case BoardEvent.Unclear unclear:
                    events.Publish(new RoundEvent.Pressed([.. unclear.Buttons.Select(PreferenceWords.OfButton)], PressOutcome.Unclear, null));
                    break;
                case BoardEvent.Held held:
                    logger.ButtonHeld(held.Button);
                    events.Publish(new RoundEvent.Pressed([PreferenceWords.OfButton(held.Button)], PressOutcome.Held, null));
                    break;
                case BoardEvent.Opened opened:
                    logger.BoardOpened(opened.Chip);
                    events.Publish(new RoundEvent.Board(null));
                    break;
                case BoardEvent.Lost lost:
                    logger.BoardLost(lost.Problem);
                    events.Publish(new RoundEvent.Board(lost.Problem));
                    break;
            }
        }
    }

    private async Task TakeAsync(Board board, PreferenceLoop loop, BoardEvent.Pressed press)
    {
        try
        {
            await loop.PressAsync(PreferenceWords.OfButton(press.Button), press.Began).ConfigureAwait(false);
        }
        catch (StateException e)
        {
            board.Set(Lamp.Error, true);
            logger.PressNotRecorded(e.Message);
        }
        catch (ObjectDisposedException)
        {
            // The daemon is stopping: the press came too late.
        }
    }

    private static async Task LightLampsAsync(Board board, PreferenceLoop loop, EventHub.Subscription following, CancellationToken stoppingToken)
    {
        await foreach (RoundEvent happened in following.Events.ReadAllAsync(stoppingToken).ConfigureAwait(false))
        {
            if (happened is RoundEvent.Recorded)
                board.BlinkRecorded();
            if (happened is RoundEvent.Recorded or RoundEvent.Opened)
                board.Set(Lamp.Error, false);
            if (happened is RoundEvent.Abandoned { Failed: true })
                board.Set(Lamp.Error, true);
            Show(board, loop);
        }
    }

    private static void Show(Board board, PreferenceLoop loop)
    {
        board.Set(Lamp.Thinking, loop.Status.IsWriting);
        board.Set(Lamp.Ready, loop.Current(null) is not null);
    }
}
