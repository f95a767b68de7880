using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Conversations;

/// <summary>
/// Keeps what the model has read of the last conversations, so that another turn costs only its new tokens. The most recent conversation stays in the
/// context. The others are copied to separate memory, because their cells would slow every step.
/// </summary>
/// <remarks>
/// A kept sequence ends where the text of the conversation itself ends. It is only extended, never cut, so this also works for models whose memory
/// cannot be cut: recurrent and hybrid ones. The cache keeps no text, only tokens and the model's state after them. It writes nothing to the disk.
/// Used by one thread at a time.
/// </remarks>
/// <param name="context">The context that holds the sequences.</param>
/// <param name="conversations">How many conversations are kept, at least one. The least recently used one is dropped first.</param>
/// <param name="lifetime">How long an unused conversation is kept.</param>
/// <param name="clock">Measures the lifetime.</param>
internal sealed class ConversationCache(DecodingContext context, int conversations, TimeSpan lifetime, TimeProvider clock) : IDisposable
{
    // The conversation in the context: its prompt, the sequence that this prompt extended, and its answers.
    private readonly List<CachedSequence> _resident = [];

    // Ordered by use: the least recently used conversation comes first.
    private readonly List<OffloadedConversation> _offloaded = [];
    private string _owner = "";
    private long _used;

    /// <summary>How many tokens at the start of a prompt need not be read again.</summary>
    internal int Known(string owner, ReadOnlySpan<int> prompt) =>
        Math.Max(FindResident(owner, prompt)?.Tokens.Length ?? 0, FindOffloaded(owner, prompt)?.Tokens.Length ?? 0);

    /// <summary>Whether nothing is kept.</summary>
    internal bool IsEmpty => _resident.Count == 0 && _offloaded.Count == 0;

    /// <summary>Prepares the context for a request: it then holds the known beginning of the prompt, and nothing of other conversations.</summary>
    /// <param name="owner">The owner of the conversation. A request never continues a conversation of another owner.</param>
    /// <param name="prompt">The tokens of the prompt.</param>
    /// <param name="fresh">Whether to read the whole prompt again, in an empty context.</param>
    /// <returns>A sequence that belongs to the caller, and how many of the prompt's tokens it holds.</returns>
    internal (int Sequence, int Known) Resume(string owner, ReadOnlySpan<int> prompt, bool fresh)
    {
        DropExpired();
        CachedSequence? kept = fresh ? null : FindResident(owner, prompt);
        OffloadedConversation? offloaded = fresh ? null : FindOffloaded(owner, prompt);
        if (kept is null || offloaded?.Tokens.Length > kept.Tokens.Length)
        {
            if (offloaded is not null)
                _offloaded.Remove(offloaded);
            if (fresh && _resident.Count > 0 && owner == _owner && prompt.StartsWith(_resident[0].Tokens))
                Empty();
            else
                Offload();
            kept = offloaded is null ? null : Restore(offloaded);
        }
        else if (!kept.Tokens.AsSpan().StartsWith(_resident[0].Tokens))
            // Only the beginning is shared: this is another chat that begins alike, or the user rewrote a turn. Keep the old conversation too.
            Copy();
        // The request's own answers need the cells that the other sequences hold.
        foreach (CachedSequence other in _resident.Where(other => other != kept).ToArray())
            Remove(other);
        int sequence = context.RentSequence();
        if (kept is not null)
            context.CopySequence(kept.Sequence, sequence);
        return (sequence, kept?.Tokens.Length ?? 0);
    }

    /// <summary>Keeps what a request has read, beside the sequence that it continued.</summary>
    /// <param name="owner">The owner of the conversation.</param>
    /// <param name="prompt">The sequence of the prompt.</param>
    /// <param name="answers">Sequences of the prompt and one answer each.</param>
    internal void Keep(string owner, CachedSequence prompt, IEnumerable<CachedSequence> answers)
    {
        // If the same prompt was sent again, the older sequence adds nothing.
        if (_resident is [var same] && same.Tokens.Length == prompt.Tokens.Length)
            Remove(same);
        _resident.Insert(0, prompt);
        _resident.AddRange(answers);
        (_owner, _used) = (owner, clock.GetTimestamp());
    }

    /// <summary>Copies the conversation out of the context, and empties the context.</summary>
    internal void Offload()
    {
        Copy();
        Empty();
    }

    /// <summary>Drops conversations that were not used for their lifetime.</summary>
    internal void DropExpired() => Drop((_, used) => clock.GetElapsedTime(used) >= lifetime);

    /// <summary>Drops all conversations of forgotten owners.</summary>
    internal void Forget(Func<string, bool> isForgotten)
    {
        string[] owners = [.. _offloaded.Select(p => p.Owner).Append(_owner).Distinct().Where(isForgotten)];
        if (owners.Length > 0)
            Drop((owner, _) => owners.Contains(owner));
    }

    /// <summary>Treats the content of the context as damaged. The next request empties it.</summary>
    internal void Discard() => _resident.Clear();

    public void Dispose()
    {
        foreach (OffloadedConversation offloaded in _offloaded)
            offloaded.Dispose();
        _offloaded.Clear();
        _resident.Clear();
    }

    private void Empty()
    {
        _resident.Clear();
        context.Clear();
    }

    /// <summary>Copies the conversation out of the context.</summary>
    private void Copy()
    {
        if (_resident.Count == 0 || conversations == 1)
            return;
        // Keep one sequence for each conversation, to bound the memory. The answer is read again if the conversation continues.
        CachedSequence prompt = _resident[0];
        foreach (OffloadedConversation earlier in _offloaded.Where(p => p.Owner == _owner && prompt.Tokens.AsSpan().StartsWith(p.Tokens)).ToArray())
            Drop(earlier);
        _offloaded.Add(new OffloadedConversation(_owner, prompt.Tokens, _used, context.SaveSequence(prompt.Sequence)));
        while (_offloaded.Count >= conversations)
            Drop(_offloaded[0]);
    }

    private void Drop(Func<string, long, bool> goes)
    {
        foreach (OffloadedConversation offloaded in _offloaded.Where(p => goes(p.Owner, p.Used)).ToArray())
            Drop(offloaded);
        if (_resident.Count == 0 || !goes(_owner, _used))
            return;
        _resident.Clear();
        context.Wipe();
    }

    private void Drop(OffloadedConversation offloaded)
    {
        _offloaded.Remove(offloaded);
        offloaded.Dispose();
    }

    private void Remove(CachedSequence kept)
    {
        context.RemoveSequence(kept.Sequence);
        _resident.Remove(kept);
    }

    /// <summary>Puts a conversation back into the context; null if llama.cpp does not accept it.</summary>
    private CachedSequence? Restore(OffloadedConversation offloaded)
    {
        using (offloaded)
        {
            int sequence = context.RentSequence();
            if (!context.RestoreSequence(sequence, offloaded.State))
            {
                context.Clear();
                return null;
            }
            var kept = new CachedSequence(sequence, offloaded.Tokens);
            _resident.Add(kept);
            (_owner, _used) = (offloaded.Owner, offloaded.Used);
            return kept;
        }
    }

    private CachedSequence? FindResident(string owner, ReadOnlySpan<int> prompt) =>
        owner == _owner ? Longest(_resident, kept => kept.Tokens, prompt) : null;

    private OffloadedConversation? FindOffloaded(string owner, ReadOnlySpan<int> prompt) =>
        Longest(_offloaded.Where(offloaded => offloaded.Owner == owner), offloaded => offloaded.Tokens, prompt);

    /// <summary>The longest kept sequence that the prompt begins with; null if there is none.</summary>
    private static T? Longest<T>(IEnumerable<T> kept, Func<T, int[]> tokens, ReadOnlySpan<int> prompt)
        where T : class
    {
        T? longest = null;
        int length = 0;
        foreach (T one in kept)
        {
            if (tokens(one).Length > length && prompt.StartsWith(tokens(one)))
                (longest, length) = (one, tokens(one).Length);
        }
        return longest;
    }
}
