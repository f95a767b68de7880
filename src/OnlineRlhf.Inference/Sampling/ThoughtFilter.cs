using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>Tells, token by token, a candidate's answer from the thoughts before it.</summary>
/// <remarks>It sees control tokens as text too, since some models mark their thoughts by them. A marker in the middle of an answer is text.</remarks>
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

    /// <param name="thinking">What the model's template says of thoughts.</param>
    internal ThoughtFilter(Thinking thinking)
    {
        _known = Markers.FirstOrDefault(m => m.Format == thinking.Format);
        if (thinking.IsOpened)
            (_phase, _marker) = (Phase.Thinking, _known);
    }

    private enum Phase
    {
        /// <summary>Nothing was written yet, or what may become a marker.</summary>
        Opening,

        /// <summary>Within a block of thoughts.</summary>
        Thinking,

        /// <summary>Behind a block. The white space before the answer is no part of it.</summary>
        Closed,

        /// <summary>The answer is being written.</summary>
        Answering,
    }

    /// <summary>How the thoughts are marked in which the candidate is; null where it is in none.</summary>
    internal ThoughtFormat? Inside => _phase == Phase.Thinking ? _marker!.Format : null;

    /// <summary>The beginning of the answer, where it stands in the same token as the end of the thoughts.</summary>
    internal byte[] Rest { get; private set; } = [];

    /// <summary>Takes the text of the next token, in UTF-8.</summary>
    /// <returns>Whether the token belongs to the answer. Where it does not, no token before it does.</returns>
    internal bool Take(ReadOnlySpan<byte> piece)
    {
        Rest = [];
        _seen.AddRange(piece);
        bool ends = _phase switch
        {
            Phase.Thinking => TryClose(_marker!),
            // A model may think on without a word where its prompt or the budget has closed the block: then its end alone is seen.
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

    /// <summary>Looks for the end of thoughts that were not opened, as <see cref="ThoughtFormat.EndsThoughts"/> tells it.</summary>
    private bool TryCloseUnopened(Marker marker)
    {
        while (!_isAboutMarkers)
        {
            ReadOnlySpan<byte> text = CollectionsMarshal.AsSpan(_seen);
            int at = text.IndexOf(marker.Close),
                open = text.IndexOf(marker.Open),
                end = at + marker.Close.Length;
            // An answer that opens a block itself explains it: then the end of one is text too.
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
            // What follows may tell yet.
            if (isCut)
                break;
            _seen.RemoveRange(0, at + 1);
        }
        return false;
    }

    /// <summary>Looks for the end of the thoughts, and forgets what stands before it.</summary>
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
