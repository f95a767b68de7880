using System.Buffers;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;

namespace OnlineRlhf.DataSets;

/// <summary>The thumbs of a whole file of Open WebUI's feedback, so that one record knows of another.</summary>
/// <remarks>The copy of a chat in a record is from when its thumb was given, and does not show the thumbs that were given later.</remarks>
internal sealed class Thumbs
{
    // This many thumbs take some 4 MB. A file with more of them is read all the same; the records behind them know only of these.
    private const int Most = 1 << 16;
    private readonly Dictionary<UInt128, (long Number, int Rating)> _known = [];
    private string? _user;

    /// <summary>How many thumbs are known.</summary>
    internal int Count => _known.Count;

    /// <summary>Whether the records come from more than one person.</summary>
    internal bool HasSeveralPeople { get; private set; }

    /// <summary>Adds the thumb of an entry. False if the entry is valid, but no such record.</summary>
    internal bool Add(long number, ReadOnlySequence<byte> entry)
    {
        try
        {
            using JsonDocument document = JsonText.Parse(entry);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !ThumbRecord.Is(document.RootElement))
                return false;
            var record = new ThumbRecord(document.RootElement);
            _user ??= record.User;
            HasSeveralPeople |= record.User is not null && record.User != _user;
            // Open WebUI exports the newest record first, so the first one about an answer counts.
            if (_known.Count < Most)
                _ = _known.TryAdd(Key(record.Answer.Chat, record.Answer.Message), (number, record.Rating));
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            // The entry is skipped with this reason when it is its turn.
        }
        return true;
    }

    /// <summary>The record about an answer: its number and its thumb; null if none is known.</summary>
    internal (long Number, int Rating)? Find(string chat, string message) =>
        _known.TryGetValue(Key(chat, message), out (long Number, int Rating) thumb) ? thumb : null;

    private static UInt128 Key(string chat, string message) => XxHash128.HashToUInt128(Encoding.UTF8.GetBytes($"{chat}\n{message}"));
}
