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

/// <summary>Brings presses to the loop, and what the loop does to the lamps. Without a board in the settings it does nothing.</summary>
/// <param name="options">How it is wired.</param>
/// <param name="host">Brings the loop.</param>
/// <param name="events">What the loop does, and what the board tells.</param>
/// <param name="clock">The board's clock, which is the loop's.</param>
/// <param name="logger">The daemon's log.</param>
/// <param name="open">Opens a chip by its label; without it, the board finds the chip among the system's.</param>
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

    /// <summary>What the buttons say that the settings name.</summary>
    internal IReadOnlyList<string> Buttons { get; } =
    [.. (options.ForBoard()?.Buttons.Keys ?? []).Select(PreferenceWords.OfButton).Order().Select(p => WireName.Of(p))];

    /// <summary>Why the board cannot be used right now; null where it can.</summary>
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
            // The daemon stops.
        }
        catch (Exception e)
        {
            // Whatever it is: people at the socket are served without the board.
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
        // What was pressed while the model loaded was pressed on nothing: it finds no round, and says so.
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
            // The daemon stops: the press came too late.
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
