using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon.Cli.Watch;

/// <summary>Shows the open pair on a terminal, and reads keys if the terminal has a keyboard.</summary>
internal sealed class ScreenWatch(DaemonClient daemon, string? profile, Marks marks, bool styles)
{
    private static readonly TimeSpan NoticeTime = TimeSpan.FromSeconds(6);

    // Nobody can have read a pair so soon, so the key was meant for the pair before.
    private static readonly TimeSpan LeastSight = TimeSpan.FromSeconds(0.3);

    private readonly Channel<WatchInput> _inputs = Channel.CreateUnbounded<WatchInput>(new UnboundedChannelOptions { SingleReader = true });
    private WatchState _state = new() { Profile = profile };
    private Guid? _seen,
        _answered;
    private long _since;

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var terminal = new Terminal(styles);
        _state = _state with { HasKeys = terminal.HasKeys };
        using PosixSignalRegistration resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Hear(new WatchInput.Redraw()));
        using PosixSignalRegistration stopped = PosixSignalRegistration.Create(
            PosixSignal.SIGTSTP,
            signal =>
            {
                signal.Cancel = true;
                terminal.Suspend();
            }
        );
        using PosixSignalRegistration goesOn = PosixSignalRegistration.Create(
            PosixSignal.SIGCONT,
            _ =>
            {
                terminal.Resume();
                Hear(new WatchInput.Redraw());
            }
        );
        _ = FollowAsync(over.Token);
        if (terminal.HasKeys)
            new Thread(() => terminal.ReadKeys(key => Hear(new WatchInput.Key(key)), over.Token)) { IsBackground = true, Name = "keys" }.Start();
        try
        {
            Draw(terminal, anew: true);
            await foreach (WatchInput input in _inputs.Reader.ReadAllAsync(over.Token).ConfigureAwait(false))
            {
                if (input is WatchInput.Key { Character: 'q' or 'Q' })
                    return;
                if (input is WatchInput.Key key)
                    Press(key.Character, over.Token);
                int notices = _state.Notices;
                _state = _state.After(input);
                if (_state.Notices != notices)
                    _ = FadeAsync(_state.Notices, over.Token);
                Draw(terminal, anew: input is WatchInput.Redraw);
            }
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        try
        {
            await new EventFeed(daemon, profile, withText: true, Hear).FollowAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // RunAsync rethrows this after the terminal has been restored.
            _inputs.Writer.TryComplete(e);
        }
    }

    private void Hear(WatchInput input) => _inputs.Writer.TryWrite(input);

    private void Draw(Terminal terminal, bool anew)
    {
        (int width, int height) = Terminal.Size;
        terminal.Show(WatchScreen.Draw(_state, width, height, marks), anew);
        if (_state.Answerable?.Id == _seen)
            return;
        _seen = _state.Answerable?.Id;
        _since = Stopwatch.GetTimestamp();
    }

    /// <summary>Handles a key. It answers the pair on the screen and no other.</summary>
    private void Press(char key, CancellationToken cancellationToken)
    {
        if (PreferenceWords.OfKey(key) is not { } preferred || (_answered is not null && _answered == _seen))
            return;
        if (_seen is not { } pair)
            Hear(new WatchInput.KeyTaken($"Key {key}: {(_state.Writing is null ? Wording.NothingOpen : Wording.NotNow)}"));
        else if (Stopwatch.GetElapsedTime(_since) < LeastSight)
            Hear(new WatchInput.KeyTaken($"Key {key}: {Wording.TooEarly}"));
        else
        {
            _answered = pair;
            _ = AnswerAsync(pair, preferred, key, cancellationToken);
        }
    }

    private async Task AnswerAsync(Guid pair, Preferred preferred, char key, CancellationToken cancellationToken)
    {
        string came;
        try
        {
            DaemonClient.Reply reply = await daemon
                .PostAsync($"/v1/rounds/{pair}/feedback", new FeedbackBody(WireName.Of(preferred)), WireJson.Readable.FeedbackBody, cancellationToken)
                .ConfigureAwait(false);
            // The daemon's events report the result, as they do for a button.
            if (reply.Succeeded)
                return;
            came = reply.Read(WireJson.Default.ProblemBody).Detail;
        }
        catch (DaemonUnreachableException e)
        {
            came = e.Message;
        }
        catch (OperationCanceledException)
        {
            return;
        }
        // The user may press again, because the answer was not accepted.
        _answered = null;
        Hear(new WatchInput.KeyTaken($"Key {key}: {came}"));
    }

    private async Task FadeAsync(int notice, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(NoticeTime, cancellationToken).ConfigureAwait(false);
            Hear(new WatchInput.Faded(notice));
        }
        catch (OperationCanceledException)
        {
            // The screen is closed.
        }
    }
}
