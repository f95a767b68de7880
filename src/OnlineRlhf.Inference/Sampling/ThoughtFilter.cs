using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>Separates a candidate's answer from the thoughts before it, token by token.</summary>
/// <remarks>
/// The filter also sees the text of control tokens, because some models mark their thoughts with them. A marker in the middle of an answer is text.
/// </remarks>
internal sealed class ThoughtFilter
{
    private const int LongestRune = 4;
    private static readonly Marker[] Markers =
    [
        .. ThoughtFormat.All.Select(f => new Marker(f, Encoding.UTF8.GetBytes(f.Open), Encoding.UTF8.GetBytes(f.Close))),
    ];

    private readonly Marker? _known;
    private readonly List<byte> _seen = [];
    private Marker? _marker;
    private Phase _phase;
    private bool _isAboutMarkers;

    /// <param name="thinking">What the model's template says about thoughts.</param>
    internal ThoughtFilter(Thinking thinking)
    {
        _known = Markers.FirstOrDefault(m => m.Format == thinking.Format);
        if (thinking.IsOpened)
            (_phase, _marker) = (Phase.Thinking, _known);
    }

    private ThoughtFilter(ThoughtFilter other)
    {
        _known = other._known;
        _seen.AddRange(other._seen);
        (_marker, _phase, _isAboutMarkers, Rest) = (other._marker, other._phase, other._isAboutMarkers, other.Rest);
    }

    private enum Phase
    {
        /// <summary>Nothing was written yet, or only text that may become a marker.</summary>
        Opening,

        /// <summary>The candidate is inside a block of thoughts.</summary>
        Thinking,

        /// <summary>A block has ended. White space before the answer is skipped.</summary>
        Closed,

        /// <summary>The answer is being written.</summary>
        Answering,
    }

    /// <summary>How the current thoughts are marked; null outside of thoughts.</summary>
    internal ThoughtFormat? Inside => _phase == Phase.Thinking ? _marker!.Format : null;

    /// <summary>
    /// Whether what looks like the answer may still turn out to be thoughts that were not opened. Only the end of the answer shows that then.
    /// </summary>
    internal bool MayBeThoughts => _phase == Phase.Answering && _known is not null && _marker is null && !_isAboutMarkers;

    /// <summary>The beginning of the answer, if it is in the same token as the end of the thoughts.</summary>
    internal byte[] Rest { get; private set; } = [];

    /// <summary>A filter that has seen the same tokens.</summary>
    internal ThoughtFilter Copy() => new(this);

    /// <summary>Takes the text of the next token, in UTF-8.</summary>
    /// <returns>Whether the token belongs to the answer. If not, no earlier token belongs to it either.</returns>
    internal bool Take(ReadOnlySpan<byte> piece)
    {
        Rest = [];
        _seen.AddRange(piece);
        bool ends = _phase switch
        {
            Phase.Thinking => TryClose(_marker!),
            // A model may think without an opening marker if its prompt or the budget has closed the block. Then only the end of the
            // thoughts appears.
            Phase.Answering => _known is not null && TryCloseUnopened(_known),
            _ => false,
        };
        if (_phase is Phase.Thinking or Phase.Answering)
            return _phase == Phase.Answering;
        while (true)
        {
            TrimStart();
            ReadOnlySpan<byte> text = CollectionsMarshal.AsSpan(_seen);
            if (text.IsEmpty)
                return _phase == Phase.Opening;
            bool mayOpen = false,
                opens = false;
            foreach (Marker marker in Markers)
            {
                opens = text.StartsWith(marker.Open);
                mayOpen |= marker.Open.AsSpan().StartsWith(text);
                if (!opens)
                    continue;
                (_phase, _marker) = (Phase.Thinking, marker);
                _seen.RemoveRange(0, marker.Open.Length);
                break;
            }
            if (opens)
            {
                ends = TryClose(_marker!);
                if (ends)
                    continue;
                return false;
            }
            if (ends)
                Rest = [.. _seen];
            if (!mayOpen)
                _phase = Phase.Answering;
            return !ends;
        }
    }

    /// <summary>Finds the end of thoughts that were not opened, by <see cref="ThoughtFormat.EndsThoughts"/>.</summary>
    private bool TryCloseUnopened(Marker marker)
    {
        while (!_isAboutMarkers)
        {
            ReadOnlySpan<byte> text = CollectionsMarshal.AsSpan(_seen);
            int at = text.IndexOf(marker.Close),
                open = text.IndexOf(marker.Open),
                end = at + marker.Close.Length;
            // An answer that opens a block itself explains markers. Then a closing marker in it is text too.
            _isAboutMarkers = open >= 0 && (at < 0 || open < at);
            if (at < 0 || _isAboutMarkers)
            {
                _seen.RemoveRange(0, Math.Max(0, _seen.Count - marker.Close.Length - LongestRune));
                break;
            }
            bool isCut = Rune.DecodeFromUtf8(text[end..], out Rune after, out int length) == OperationStatus.NeedMoreData;
            _ = Rune.DecodeLastFromUtf8(text[..at], out Rune before, out int previous);
            if (ThoughtFormat.EndsThoughts(previous == 0 ? null : before, isCut || length == 0 ? null : after))
                return TryClose(marker);
            // The next token may still decide.
            if (isCut)
                break;
            _seen.RemoveRange(0, at + 1);
        }
        return false;
    }

    /// <summary>Finds the end of the thoughts, and drops the text before it.</summary>
    private bool TryClose(Marker marker)
    {
        int at = CollectionsMarshal.AsSpan(_seen).IndexOf(marker.Close);
        if (at < 0)
        {
            _seen.RemoveRange(0, Math.Max(0, _seen.Count - marker.Close.Length + 1));
            return false;
        }
        _seen.RemoveRange(0, at + marker.Close.Length);
        (_phase, _marker) = (Phase.Closed, marker);
        return true;
    }

    private void TrimStart()
    {
        int white = 0;
        while (white < _seen.Count && _seen[white] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            white++;
        _seen.RemoveRange(0, white);
    }

    private sealed record Marker(ThoughtFormat Format, byte[] Open, byte[] Close);
}
