using System.Threading.Channels;
using OnlineRlhf.Daemon.Cli.Watch;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Feedback;
using OnlineRlhf.Simulation;

namespace OnlineRlhf.Daemon.Cli.Demo;

/// <summary>Prints rounds of a simulated person. On a terminal their answers grow while the model writes them.</summary>
internal sealed class RoundPrinter(PreferenceLoop loop)
{
    // The demo model writes an answer in less time than an eye needs.
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(15);

    private readonly GrowingLines? _growing = Screen.IsMovable ? new GrowingLines(Output.Out, () => Terminal.Size) : null;

    /// <summary>Lets the person press once, and prints the two answers with the press.</summary>
    internal async Task PressAsync(TasteTrial trial, CancellationToken cancellationToken)
    {
        Screen.Progress("");
        Output.Out.WriteLine();
        (string request, Round round, Preferred pressed) = await trial.PressAsync(Open(Lines), cancellationToken).ConfigureAwait(false);
        _growing?.Erase();
        Output.Out.WriteLine(Quote(request));
        Screen.Answer(pressed == Preferred.First ? "► 1" : "1", round.First.Text);
        Screen.Answer(pressed == Preferred.Second ? "► 2" : "2", round.Second!.Text);
        if (trial.IsMistake(round, pressed))
            Output.Out.WriteLine(Screen.Dim("           (a wrong press: it happens)"));

        static IEnumerable<string> Lines(RoundRequest request, RoundEvent.Writing written) =>
            [
                Quote(request.Messages[^1].Content),
                .. Screen.AnswerLines("1", TerminalText.Neutral(written.First)),
                .. Screen.AnswerLines("2", TerminalText.Neutral(written.Second ?? "")),
            ];
    }

    /// <summary>Prints what the person is served for a candidate set's request.</summary>
    internal async Task AnswerAsync(string label, TasteTrial trial, CandidateSet set, CancellationToken cancellationToken)
    {
        Round round = await trial
            .AnswerAsync(set, Open((_, written) => Screen.AnswerLines(label, TerminalText.Neutral(written.First))), cancellationToken)
            .ConfigureAwait(false);
        _growing?.Erase();
        Screen.Answer(label, round.First.Text);
    }

    internal static string Quote(string request) => $"  \"{request}\"";

    private Func<RoundRequest, CancellationToken, Task<Round>> Open(Func<RoundRequest, RoundEvent.Writing, IEnumerable<string>> lines) =>
        _growing is null
            ? loop.OpenRoundAsync
            : (request, cancellationToken) => OpenAsync(request, _growing, written => lines(request, written), cancellationToken);

    /// <summary>Opens a round, and draws what is certain of its answers word by word.</summary>
    private async Task<Round> OpenAsync(
        RoundRequest request,
        GrowingLines growing,
        Func<RoundEvent.Writing, IEnumerable<string>> lines,
        CancellationToken cancellationToken
    )
    {
        var written = Channel.CreateUnbounded<RoundEvent.Writing>(new UnboundedChannelOptions { SingleReader = true });
        Task<Round> opening = loop.OpenRoundAsync(request, written.Writer, cancellationToken);
        RoundEvent.Writing told = new(request.Profile, "", null),
            drawn = told;
        while (drawn != told || await written.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            while (written.Reader.TryRead(out RoundEvent.Writing? more))
                told = more;
            if (cancellationToken.IsCancellationRequested)
            {
                growing.Leave();
                break;
            }
            drawn = told with
            {
                First = NextWord(drawn.First, told.First),
                Second = told.Second is { } second ? NextWord(drawn.Second ?? "", second) : null,
            };
            growing.Draw([.. lines(drawn)]);
            await Task.Delay(Pace, CancellationToken.None).ConfigureAwait(false);
        }
        return await opening.ConfigureAwait(false);
    }

    /// <summary>The text up to the end of the word after those that are drawn.</summary>
    private static string NextWord(string drawn, string told)
    {
        int word = Math.Min(drawn.Length, told.Length);
        while (word < told.Length && char.IsWhiteSpace(told[word]))
            word++;
        while (word < told.Length && !char.IsWhiteSpace(told[word]))
            word++;
        return told[..word];
    }
}
