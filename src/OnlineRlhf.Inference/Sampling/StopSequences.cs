using System.Text;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>Texts at which an answer ends. They are no part of it.</summary>
internal sealed class StopSequences(IReadOnlyList<string> texts)
{
    private readonly byte[][] _bytes = [.. texts.Select(Encoding.UTF8.GetBytes)];

    internal static StopSequences None { get; } = new([]);

    /// <summary>Where the first one begins; null if there is none.</summary>
    /// <param name="answer">The answer in UTF-8.</param>
    /// <param name="searched">How many bytes of it were searched before.</param>
    internal int? Find(ReadOnlySpan<byte> answer, int searched)
    {
        int? first = null;
        foreach (byte[] text in _bytes)
        {
            int from = Math.Max(0, searched - text.Length + 1),
                at = answer[from..].IndexOf(text);
            if (at >= 0 && !(first <= from + at))
                first = from + at;
        }
        return first;
    }

    /// <summary>The text without an end that may become one of them.</summary>
    internal string HoldBack(string text)
    {
        int keep = text.Length;
        foreach (string stop in texts)
        {
            for (int length = Math.Min(stop.Length - 1, text.Length); length > 0; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    keep = Math.Min(keep, text.Length - length);
                    break;
                }
            }
        }
        return text[..keep];
    }
}
