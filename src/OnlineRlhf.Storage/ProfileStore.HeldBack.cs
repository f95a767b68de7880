using OnlineRlhf.Storage.Layout;

namespace OnlineRlhf.Storage;

// What is held back until the source that it came by is trusted.
public sealed partial class ProfileStore
{
    /// <summary>Holds a comparison back, durably: it is not learned before <see cref="Trust"/> is called for its source. Costs two syncs.</summary>
    /// <param name="id">The id it will be recorded under.</param>
    /// <param name="source">The key of the client it came by; the empty one is the Unix socket. Not a trusted one.</param>
    /// <param name="difference">z, d values.</param>
    /// <param name="now">The time. What was held for longer than 30 days is dropped, and the oldest where there is no room.</param>
    /// <param name="label">y: 1 where the first answer was kept, ½ for a tie.</param>
    /// <returns>False where the id is held or recorded already: then nothing changes.</returns>
    /// <exception cref="ArgumentException">The comparison cannot be learned, or the source is trusted; nothing was stored.</exception>
    /// <exception cref="StateException">It could not be made durable; the store is faulted.</exception>
    public bool Hold(Guid id, Guid source, ReadOnlySpan<float> difference, DateTimeOffset now, double label = 1)
    {
        ThrowIfUnusable();
        if (IsTrusted(source))
            throw new ArgumentException($"Source {source} is trusted: its comparisons are appended, not held back.", nameof(source));
        if (_recorded.ContainsKey(id) || _journal.Held.Any(held => held.Id == id))
            return false;
        CheckNew(id, difference, label);
        JournalRecord journal = _journal.Hold(id, source, SlotRecord.Bytes(difference), label, now.ToUnixTimeSeconds(), _model.Dimension);
        _ = Write([], journal, journal.Held[^1]);
        return true;
    }

    /// <summary>
    /// Trusts a source from now on, and records what was held back from it in the last 30 days as one act of kind
    /// <see cref="ComparisonKind.Talk"/>: in one durable transaction. Does nothing where the source is trusted already.
    /// </summary>
    /// <returns>How many comparisons it recorded.</returns>
    /// <remarks>Of the trusted sources the last 32 are remembered. Costs two syncs.</remarks>
    /// <exception cref="StateException">It could not be made durable; the store is faulted.</exception>
    public int Trust(Guid source, DateTimeOffset now)
    {
        ThrowIfUnusable();
        if (IsTrusted(source))
            return 0;
        long seconds = now.ToUnixTimeSeconds();
        SlotRecord[] released = [.. _journal.HeldSince(seconds).Where(held => held.Source == source).Select(held => held.ToSlot(0))];
        _ = Write(released, _journal.Trust(source, seconds));
        return released.Length;
    }

    /// <summary>Whether the comparisons of a source are learned at once.</summary>
    public bool IsTrusted(Guid source) => _journal.Trusted.Contains(source);

    /// <summary>How many comparisons are held back, and have not been for longer than 30 days.</summary>
    public int CountHeld(DateTimeOffset now) => _journal.HeldSince(now.ToUnixTimeSeconds()).Count();
}
