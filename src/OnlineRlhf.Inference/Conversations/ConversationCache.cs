using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Conversations;

/// <summary>
/// Keeps what the model has read of the last conversations, so that a further turn costs only its new tokens. The conversation that was used last
/// stays in the context. The others are offloaded in memory of their own, since their cells would slow every step.
/// </summary>
/// <remarks>
/// A kept sequence ends where a conversation's own text ends. It is extended as a whole and never cut, so that this also serves
/// models whose memory cannot be cut: recurrent and hybrid ones. No text is kept, only tokens and what the model made of them;
/// nothing is written anywhere. One thread at a time.
/// </remarks>
/// <param name="context">Holds the sequences.</param>
/// <param name="conversations">How many conversations are kept, at least one; the one that was used longest ago goes first.</param>
/// <param name="lifetime">How long a conversation is kept without being used.</param>
/// <param name="clock">Measures that time.</param>
internal sealed class ConversationCache(DecodingContext context, int conversations, TimeSpan lifetime, TimeProvider clock) : IDisposable
{
    // The conversation in the context, as its prompt, what that prompt extended, and its answers.
    private readonly List<CachedSequence> _resident = [];

    // The one that was used longest ago comes first.
    private readonly List<OffloadedConversation> _offloaded = [];
    private string _owner = "";
    private long _used;

    /// <summary>How many of a prompt's tokens need not be read again.</summary>
    internal int Known(string owner, ReadOnlySpan<int> prompt) =>
        Math.Max(FindResident(owner, prompt)?.Tokens.Length ?? 0, FindOffloaded(owner, prompt)?.Tokens.Length ?? 0);

    /// <summary>Whether anything is kept.</summary>
    internal bool IsEmpty => _resident.Count == 0 && _offloaded.Count == 0;

    /// <summary>Prepares the context for a request: it holds the known beginning of the prompt and nothing of other conversations.</summary>
    /// <param name="owner">Whose conversation it is. Nobody goes on with another owner's.</param>
    /// <param name="prompt">The tokens.</param>
    /// <param name="fresh">Whether all is to be read again, in an empty context.</param>
    /// <returns>A sequence of the caller's own, and how many of the prompt's tokens it holds.</returns>
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
            // The two share their beginning only: another chat that begins alike, or a turn that was written anew.
            Copy();
        // The request's own answers need the cells of the others.
        foreach (CachedSequence other in _resident.Where(other => other != kept).ToArray())
            Remove(other);
        int sequence = context.RentSequence();
        if (kept is not null)
            context.CopySequence(kept.Sequence, sequence);
        return (sequence, kept?.Tokens.Length ?? 0);
    }

    /// <summary>Keeps what a request has read, beside what it went on from.</summary>
    /// <param name="owner">Whose conversation it is.</param>
    /// <param name="prompt">The prompt.</param>
    /// <param name="answers">Prompts with an answer behind them.</param>
    internal void Keep(string owner, CachedSequence prompt, IEnumerable<CachedSequence> answers)
    {
        // Where the same prompt was asked again, the copy says nothing more.
        if (_resident is [var same] && same.Tokens.Length == prompt.Tokens.Length)
            Remove(same);
        _resident.Insert(0, prompt);
        _resident.AddRange(answers);
        (_owner, _used) = (owner, clock.GetTimestamp());
    }

    /// <summary>Moves the conversation out of the context, which is empty then.</summary>
    internal void Offload()
    {
        Copy();
        Empty();
    }

    /// <summary>Drops what has not been used for its lifetime.</summary>
    internal void DropExpired() => Drop((_, used) => clock.GetElapsedTime(used) >= lifetime);

    /// <summary>Drops all conversations of some owners.</summary>
    internal void Forget(Func<string, bool> isForgotten)
    {
        string[] owners = [.. _offloaded.Select(p => p.Owner).Append(_owner).Distinct().Where(isForgotten)];
        if (owners.Length > 0)
            Drop((owner, _) => owners.Contains(owner));
    }

    /// <summary>Takes what the context holds for damaged. The next request empties it.</summary>
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
        // One sequence for each conversation bounds the memory. Its answer is read again when it goes on.
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

    /// <summary>Puts a offloaded conversation into the context; null where llama.cpp does not take it back.</summary>
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

    /// <summary>Of what a prompt begins with the longest; null where it begins with none.</summary>
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
