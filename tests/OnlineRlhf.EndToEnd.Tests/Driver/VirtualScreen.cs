using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>What stands on a terminal that was sent these bytes; it knows the sequences that the program may send, and refuses all others.</summary>
internal sealed partial class VirtualScreen(int width, int height)
{
    private readonly SortedDictionary<int, StringBuilder> _rows = [];
    private int _row = 1,
        _last = 1;

    /// <summary>Whether the other screen is shown.</summary>
    internal bool IsOther { get; private set; }

    internal bool HasCursor { get; private set; } = true;

    internal bool Wraps { get; private set; } = true;

    internal string Text => string.Join('\n', _rows.Values);

    /// <param name="sent">What the terminal was sent.</param>
    /// <param name="width">Its width; by default no line is too long.</param>
    /// <param name="height">Its height; by default no line scrolls away.</param>
    internal static VirtualScreen After(string sent, int width = int.MaxValue, int height = int.MaxValue)
    {
        var screen = new VirtualScreen(width, height);
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
            _last = Math.Max(_last, ++_row);
        else if (character != '\r')
        {
            if (Wraps && _rows.TryGetValue(_row, out StringBuilder? full) && full.Length == width)
                Put('\n');
            StringBuilder row = _rows.TryGetValue(_row, out StringBuilder? begun) ? begun : _rows[_row] = new StringBuilder();
            if (row.Length < width)
                row.Append(character);
        }
    }

    private void Obey(string parameters, string command)
    {
        switch (command)
        {
            case "A":
                _row -= int.Parse(parameters, CultureInfo.InvariantCulture);
                Assert.True(_row > 0 && _row > _last - height, "The cursor cannot go to a row that has scrolled away.");
                break;
            case "J" when parameters == "2":
                _rows.Clear();
                break;
            case "J":
                foreach (int below in _rows.Keys.Where(r => r >= _row).ToArray())
                    _rows.Remove(below);
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
                    // .NET's console has the arrow keys send what it expects of them.
                    "?1" => (IsOther, HasCursor, Wraps),
                    _ => throw new InvalidOperationException($"An unknown mode: {parameters}"),
                };
                break;
        }
    }

    [GeneratedRegex(@"\G\e(?:\[([0-9;?]*)([AJKHmhl])|[=>])")]
    private static partial Regex Sequence();
}
