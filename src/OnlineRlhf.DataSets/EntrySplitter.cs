using System.Buffers;

namespace OnlineRlhf.DataSets;

/// <summary>Splits JSON text into its entries: the elements of a list, or objects that span several lines. It keeps one entry in memory.</summary>
/// <remarks>
/// It only looks at brackets and strings. If these do not match, the entry ends, and the next entry begins at the next line that begins with an
/// object. So a broken entry damages no other one.
/// </remarks>
internal sealed class EntrySplitter
{
    private const int DeepestNesting = 64;
    private readonly ArrayBufferWriter<byte> _content = new();
    private Part _part;
    private ulong _lists;
    private int _depth;
    private bool _inString,
        _escaped,
        _atLineStart = true;
    private byte _last;
    private long _previousLine;

    private enum Part
    {
        Between,
        Entry,
        Broken,
        Junk,
    }

    /// <summary>The number of the line that is being read, from 1.</summary>
    internal long Line { get; private set; } = 1;

    /// <summary>The line on which the last entry began.</summary>
    internal long EntryLine { get; private set; }

    /// <summary>How many entries began so far.</summary>
    internal long Count { get; private set; }

    /// <summary>Whether two entries began on one line. Then a line's number does not identify an entry.</summary>
    internal bool ShareLines { get; private set; }

    /// <summary>Whether the last entry is not a complete value.</summary>
    internal bool IsBroken { get; private set; }

    /// <summary>
    /// Whether a list or an entry is still open, so that its rest is missing if the input ends here. False inside of a broken entry.
    /// </summary>
    internal bool IsOpen => !IsLost && (InList || _part == Part.Entry);

    /// <summary>Whether an entry is broken, and no later line has begun a new one yet.</summary>
    internal bool IsLost => _part == Part.Broken;

    /// <summary>The last entry; null if it is longer than <see cref="PreferenceFile.LongestLine"/>.</summary>
    internal ReadOnlyMemory<byte>? Content =>
        _content.WrittenCount > PreferenceFile.LongestLine ? (ReadOnlyMemory<byte>?)null : _content.WrittenMemory;

    /// <summary>Reads to the end of an entry; false if the bytes end before.</summary>
    internal bool TryRead(ReadOnlySpan<byte> bytes, ref int at)
    {
        while (at < bytes.Length)
        {
            byte b = bytes[at];
            // The entry ends before this byte, which belongs to the next one.
            if (EndsBefore(b))
                return End(isBroken: true);
            at++;
            bool ends = _part switch
            {
                Part.Between => Begin(b),
                Part.Entry => Go(b),
                _ => false,
            };
            if (_part is Part.Entry or Part.Junk || ends)
                Append(b);
            if (b == '\n')
                (Line, _atLineStart) = (Line + 1, true);
            else if (!IsSpace(b))
                _atLineStart = false;
            if (ends)
                return End(isBroken: false);
        }
        return false;
    }

    /// <summary>Ends an entry that the end of the input has cut off; false if there is none.</summary>
    internal bool TryFinish() => _part != Part.Between && End(isBroken: true);

    private bool EndsBefore(byte b) =>
        _part switch
        {
            Part.Junk => b == '\n' || (InList && b is (byte)',' or (byte)']'),
            Part.Broken => _atLineStart && b == '{',
            // Inside of an object a value follows a colon. An object without one means that a line was cut off and the next entry begins.
            Part.Entry => _atLineStart && b == '{' && !_inString && !IsInnerList && _last != ':',
            _ => false,
        };

    private bool Begin(byte b)
    {
        // Skip commas between entries, and the bytes of the byte order mark, which are not JSON.
        if (IsSpace(b) || (InList && b == ',') || b is 0xEF or 0xBB or 0xBF)
            return false;
        if (b == '[' && !InList)
        {
            InList = true;
            return false;
        }
        if (b == ']' && InList)
        {
            InList = false;
            return false;
        }
        Count++;
        EntryLine = Line;
        ShareLines |= EntryLine == _previousLine;
        _previousLine = EntryLine;
        _content.ResetWrittenCount();
        (_depth, _inString, _part) = (0, false, b is (byte)'{' or (byte)'[' ? Part.Entry : Part.Junk);
        if (_part == Part.Entry)
            Open(b);
        return false;
    }

    private bool Go(byte b)
    {
        if (_inString)
        {
            if (b == '\n')
                _part = Part.Broken;
            else if (_escaped)
                _escaped = false;
            else if (b == '\\')
                _escaped = true;
            else
                _inString = b != '"';
            return false;
        }
        switch (b)
        {
            case (byte)'"':
                (_inString, _escaped) = (true, false);
                break;
            case (byte)'{' or (byte)'[':
                if (_depth == DeepestNesting || (b == '{' && !IsInnerList && _last != ':'))
                    _part = Part.Broken;
                else
                    Open(b);
                break;
            case (byte)'}' or (byte)']':
                if (b == ']' != IsInnerList)
                    _part = Part.Broken;
                else if (--_depth == 0)
                    return true;
                break;
        }
        if (!IsSpace(b))
            _last = b;
        return false;
    }

    private bool InList { get; set; }

    private bool IsInnerList => (_lists >> (_depth - 1) & 1) != 0;

    private void Open(byte b)
    {
        _lists = b == '[' ? _lists | 1UL << _depth : _lists & ~(1UL << _depth);
        _depth++;
        _last = b;
    }

    private bool End(bool isBroken)
    {
        IsBroken = isBroken;
        _part = Part.Between;
        return true;
    }

    private void Append(byte b)
    {
        // Keep one byte too many, which shows that the entry is too long.
        if (_content.WrittenCount > PreferenceFile.LongestLine)
            return;
        _content.GetSpan(1)[0] = b;
        _content.Advance(1);
    }

    private static bool IsSpace(byte b) => b is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
}
