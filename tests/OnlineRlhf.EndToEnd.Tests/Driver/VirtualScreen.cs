using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>What stands on a terminal that was sent these bytes; it knows the sequences that the program may send, and refuses all others.</summary>
internal sealed partial class VirtualScreen
{
    private readonly SortedDictionary<int, StringBuilder> _rows = [];
    private int _row = 1;

    /// <summary>Whether the other screen is shown.</summary>
    internal bool IsOther { get; private set; }

    internal bool HasCursor { get; private set; } = true;

    internal bool Wraps { get; private set; } = true;

    internal string Text => string.Join('\n', _rows.Values);

    internal static VirtualScreen After(string sent)
    {
        var screen = new VirtualScreen();
        for (int at = 0; at < sent.Length; at++)
        {
            if (sent[at] != '\e')
            {
                screen.Put(sent[at]);
                continue;
            }
            Match sequence = Sequence().Match(sent, at);
            // The last one may be on its way.
            if (!sequence.Success && sent.Length - at < 8)
                break;
            Assert.True(sequence.Success, $"An unknown sequence: {sent.AsSpan(at + 1, Math.Min(10, sent.Length - at - 1))}");
            screen.Obey(sequence.Groups[1].Value, sequence.Groups[2].Value);
            at += sequence.Length - 1;
        }
        return screen;
    }

    private void Put(char character)
    {
        if (character == '\n')
            _row++;
        else if (character != '\r')
            (_rows.TryGetValue(_row, out StringBuilder? row) ? row : _rows[_row] = new StringBuilder()).Append(character);
    }

    private void Obey(string parameters, string command)
    {
        switch (command)
        {
            case "J":
                _rows.Clear();
                break;
            case "K":
                _rows[_row] = new StringBuilder();
                break;
            case "H":
                _row = parameters.Length > 0 ? int.Parse(parameters.Split(';')[0], CultureInfo.InvariantCulture) : 1;
                break;
            case "m":
                break;
            case "h" or "l":
                bool on = command == "h";
                (IsOther, HasCursor, Wraps) = parameters switch
                {
                    "?1049" => (on, HasCursor, Wraps),
                    "?25" => (IsOther, on, Wraps),
                    "?7" => (IsOther, HasCursor, on),
                    _ => throw new InvalidOperationException($"An unknown mode: {parameters}"),
                };
                break;
        }
    }

    [GeneratedRegex(@"\G\e\[([0-9;?]*)([JKHmhl])")]
    private static partial Regex Sequence();
}
