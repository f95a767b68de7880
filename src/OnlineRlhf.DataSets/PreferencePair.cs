using System.Buffers;
using System.Text.Json;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.DataSets;

/// <summary>One line of a data set of preferences: a conversation and two answers to it, in any of the usual formats.</summary>
/// <param name="Messages">The conversation; its last turn is the user's.</param>
/// <param name="Chosen">The better answer.</param>
/// <param name="Rejected">The worse answer.</param>
/// <param name="IsTie">Whether neither answer is better.</param>
public sealed record PreferencePair(IReadOnlyList<ChatMessage> Messages, string Chosen, string Rejected, bool IsTie = false)
{
    /// <summary>Reads a line. A record of Open WebUI's feedback depends on the other thumbs in its file.</summary>
    /// <exception cref="FormatException">The line is not a pair. The message says why, without quoting the line.</exception>
    internal static PreferencePair Parse(ReadOnlySequence<byte> line, Thumbs thumbs, long number)
    {
        try
        {
            using JsonDocument document = JsonText.Parse(line);
            return document.RootElement.ValueKind != JsonValueKind.Object ? throw new FormatException("it is no JSON object.")
                : ThumbRecord.Is(document.RootElement) ? new ThumbRecord(document.RootElement).Pair(thumbs, number)
                : PairReader.Read(new Fields(document.RootElement));
        }
        catch (JsonException)
        {
            throw new FormatException("it is not valid JSON.");
        }
        catch (InvalidOperationException)
        {
            throw new FormatException("it holds text that is not valid Unicode.");
        }
    }
}
