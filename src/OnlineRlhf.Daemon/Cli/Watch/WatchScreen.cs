using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon.Cli.Watch;

/// <summary>
/// Draws a <see cref="WatchState"/> as lines: as many as the terminal has, and none wider than the terminal. This is a pure function.
/// </summary>
internal sealed class WatchScreen
{
    private const int SideBySide = 60,
        LeastForHead = 8,
        LeastForFoot = 4;
    private readonly WatchState _state;
    private readonly int _width;
    private readonly Marks _marks;
    private readonly List<ScreenLine> _lines = [];

    private WatchScreen(WatchState state, int width, Marks marks) => (_state, _width, _marks) = (state, width, marks);

    internal static IReadOnlyList<ScreenLine> Draw(WatchState state, int width, int height, Marks marks)
    {
        var screen = new WatchScreen(state, width, marks);
        if (height >= LeastForHead)
            screen.Head();
        int foot =
            height >= LeastForHead ? 3
            : height >= LeastForFoot ? 2
            : height > 1 ? 1
            : 0;
        screen.Body(height - screen._lines.Count - foot);
        while (screen._lines.Count < height - foot)
            screen.Add("");
        screen.Foot(foot);
        return screen._lines;
    }

    private void Head()
    {
        string whose = _state.Pair?.Profile ?? _state.Profile ?? _state.Recorded?.Profile ?? "";
        string left = whose.Length > 0 ? $"onlinerlhf: {TerminalText.Line(whose)}" : "onlinerlhf";
        string right =
            _state.Recorded is { } recorded && (whose == recorded.Profile || whose.Length == 0)
                ? $"{Plural.Of(recorded.Comparisons, "comparison")} recorded"
                : "";
        int gap = _width - CellWidth.Of(left) - CellWidth.Of(right);
        Add(gap > 1 ? left + new string(' ', gap) + right : left, Emphasis.Strong);
        Rule();
    }

    private void Body(int rows)
    {
        if (_state.Lost is { } why)
            Text(rows, $"No connection to the daemon. {why}", "It is tried again every second.");
        else if (_state.IsLoading)
            Text(rows, "The model is loading.", "A request that comes now waits for it.");
        else if (_state.Writing is { } writing)
            Text(rows, $"writing answers {_marks.Cut}", Wording.Of(writing), Bar(writing));
        else if (_state.Pair is { } pair)
            Pair(pair, rows);
        else
            Text(rows, "Nothing is open.", "A pair appears here when somebody asks: onlinerlhf ask \"Tell me a joke.\"");
    }

    private string Bar(GeneratingBody writing)
    {
        int length = Math.Min(40, _width - 4),
            done = writing.Candidates > 0 ? length * writing.Finished / writing.Candidates : 0;
        return length < 4 ? "" : $"[{new string('#', Math.Clamp(done, 0, length))}{new string(' ', length - Math.Clamp(done, 0, length))}]";
    }

    private void Pair(RoundBody pair, int rows)
    {
        string first = Label("First", Preferred.First),
            second = Label("Second", Preferred.Second);
        bool beside = _width >= SideBySide;
        if (rows < (beside ? 2 : 4))
        {
            Text(rows, "Too small for two answers.");
            return;
        }
        if (beside)
        {
            int column = (_width - 3) / 2;
            List<string> left = Answer(pair.First, column, rows - 1),
                right = Answer(pair.Second, column, rows - 1);
            Beside(first, second, column, Emphasis.Strong);
            for (int i = 0; i < Math.Max(left.Count, right.Count); i++)
                Beside(left.ElementAtOrDefault(i) ?? "", right.ElementAtOrDefault(i) ?? "", column, Emphasis.None);
            return;
        }
        // Each answer has half of the rows. Rows that one does not need go to the other.
        int room = rows - 2,
            firstNeeds = Answer(pair.First, _width, int.MaxValue).Count,
            secondNeeds = Answer(pair.Second, _width, int.MaxValue).Count;
        int forFirst = Math.Min(firstNeeds, Math.Max(room - secondNeeds, (room + 1) / 2));
        Add(first, Emphasis.Strong);
        Answer(pair.First, _width, forFirst).ForEach(line => Add(line));
        Add(second, Emphasis.Strong);
        Answer(pair.Second, _width, room - forFirst).ForEach(line => Add(line));
    }

    /// <summary>The lines of an answer, up to a limit. If there are more, the last line ends with a mark.</summary>
    private List<string> Answer(AnswerBody? answer, int width, int rows)
    {
        List<string> lines = TerminalText.Wrap(TerminalText.Neutral(answer?.Text ?? ""), width);
        if (lines.Count <= rows)
            return lines;
        lines.RemoveRange(rows, lines.Count - rows);
        if (rows > 0)
            lines[^1] = TerminalText.WithMark(lines[^1], width, _marks.Cut);
        return lines;
    }

    private void Foot(int rows)
    {
        if (rows >= 3)
            Rule();
        if (rows >= 1)
            Add(
                TerminalText.Line(_state.Notice ?? (_state.BoardProblem is { } problem ? $"Buttons and lamps: {problem}" : "")),
                _state.Notice is null ? Emphasis.None : Emphasis.Strong
            );
        if (rows >= 2)
            Add(Help(), Emphasis.Faint);
    }

    private string Help()
    {
        string[] ways =
        [
            Label("both the same", Preferred.Tie),
            Label("no answer", Preferred.Skip),
            _state.HasKeys ? "leave (key q)" : "leave (Ctrl+C)",
        ];
        string help = string.Join("   ", ways.Where(w => w.Contains('(', StringComparison.Ordinal)));
        return _state.HasKeys || _state.Buttons.Count > 0 ? help : $"onlinerlhf prefer {PreferenceWords.Ways}   {help}";
    }

    /// <summary>A label with the button and the key that give this answer, if there are any.</summary>
    private string Label(string name, Preferred preferred)
    {
        List<string> ways = [];
        string button = WireName.Of(preferred);
        if (_state.Buttons.Contains(button))
            ways.Add($"{button} button");
        if (_state.HasKeys)
            ways.Add($"key {PreferenceWords.Key(preferred)}");
        return ways.Count > 0 ? $"{name} ({string.Join(", ", ways)})" : name;
    }

    private void Text(int rows, params string[] paragraphs)
    {
        int before = _lines.Count;
        foreach (string line in paragraphs.SelectMany(p => TerminalText.Wrap(TerminalText.Line(p), _width)).Take(Math.Max(rows, 0)))
            Add(line, _lines.Count == before ? Emphasis.Strong : Emphasis.None);
    }

    private void Beside(string left, string right, int column, Emphasis emphasis) =>
        Add($"{TerminalText.Fill(left, column, _marks.Cut)} {_marks.Between} {TerminalText.Cut(right, column, _marks.Cut)}", emphasis);

    private void Rule() => Add(new string(_marks.Rule, _width), Emphasis.Faint);

    private void Add(string text, Emphasis emphasis = Emphasis.None) =>
        _lines.Add(new ScreenLine(TerminalText.Cut(text, _width, _marks.Cut), emphasis));
}
