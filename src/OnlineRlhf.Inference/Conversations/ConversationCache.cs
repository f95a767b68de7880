using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Conversations;

/// <summary>
/// Keeps what the model has read of the last conversations, so that a further turn costs only its new tokens. The conversation that was used last stays in
/// the context. The others are parked in memory of their own, since their cells would slow every step.
/// </summary>
/// <remarks>
/// A kept sequence ends where a conversation's own text ends. It is extended as a whole and never cut, so that this also serves models whose memory cannot
/// be cut: recurrent and hybrid ones. No text is kept, only tokens and what the model made of them; nothing is written anywhere. One thread at a time.
/// </remarks>
/// <param name="context">Holds the sequences.</param>
/// <param name="conversations">How many conversations are kept, at least one; the one that was used longest ago goes first.</param>
/// <param name="lifetime">How long a conversation is kept without being used.</param>
/// <param name="clock">Measures that time.</param>
internal sealed class ConversationCache(DecodingContext context, int conversations, TimeSpan lifetime, TimeProvider clock) : IDisposable
{
    // The conversation in the context, as its prompt, what that prompt extended, and its answers.
    private readonly List<KeptSequence> _resident = [];

    // The one that was used longest ago comes first.
    private readonly List<ParkedConversation> _parked = [];
    private string _owner = "";
    private long _used;

    /// <summary>How many of a prompt's tokens need not be read again.</summary>
    internal int Known(string owner, ReadOnlySpan<int> prompt) =>
        Math.Max(FindResident(owner, prompt)?.Tokens.Length ?? 0, FindParked(owner, prompt)?.Tokens.Length ?? 0);

    /// <summary>Whether anything is kept.</summary>
    internal bool IsEmpty => _resident.Count == 0 && _parked.Count == 0;

    /// <summary>Prepares the context for a request: it holds the known beginning of the prompt and nothing of other conversations.</summary>
    /// <param name="owner">Whose conversation it is. Nobody goes on with another owner's.</param>
    /// <param name="prompt">The tokens.</param>
    /// <param name="fresh">Whether all is to be read again, in an empty context.</param>
    /// <returns>A sequence of the caller's own, and how many of the prompt's tokens it holds.</returns>
    internal (int Sequence, int Known) Resume(string owner, ReadOnlySpan<int> prompt, bool fresh)
    {
        DropExpired();
        KeptSequence? kept = fresh ? null : FindResident(owner, prompt);
        ParkedConversation? parked = fresh ? null : FindParked(owner, prompt);
        if (kept is null || parked?.Tokens.Length > kept.Tokens.Length)
        {
            if (parked is not null)
                _parked.Remove(parked);
            if (fresh && _resident.Count > 0 && owner == _owner && prompt.StartsWith(_resident[0].Tokens))
                Empty();
            else
                Park();
            kept = parked is null ? null : Restore(parked);
        }
        else if (!kept.Tokens.AsSpan().StartsWith(_resident[0].Tokens))
            // The two share their beginning only: another chat that begins alike, or a turn that was written anew.
            Copy();
        // The request's own answers need the cells of the others.
        foreach (KeptSequence other in _resident.Where(other => other != kept).ToArray())
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
    internal void Keep(string owner, KeptSequence prompt, IEnumerable<KeptSequence> answers)
    {
        // Where the same prompt was asked again, the copy says nothing more.
        if (_resident is [var same] && same.Tokens.Length == prompt.Tokens.Length)
            Remove(same);
        _resident.Insert(0, prompt);
        _resident.AddRange(answers);
        (_owner, _used) = (owner, clock.GetTimestamp());
    }

    /// <summary>Moves the conversation out of the context, which is empty then.</summary>
    internal void Park()
    {
        Copy();
        Empty();
    }

    /// <summary>Drops what has not been used for its lifetime.</summary>
    internal void DropExpired() => Drop((_, used) => clock.GetElapsedTime(used) >= lifetime);

    /// <summary>Drops all conversations of some owners.</summary>
    internal void Forget(Func<string, bool> isForgotten)
    {
        string[] owners = [.. _parked.Select(p => p.Owner).Append(_owner).Distinct().Where(isForgotten)];
        if (owners.Length > 0)
            Drop((owner, _) => owners.Contains(owner));
    }

    /// <summary>Takes what the context holds for damaged. The next request empties it.</summary>
    internal void Discard() => _resident.Clear();

    public void Dispose()
    {
        foreach (ParkedConversation parked in _parked)
            parked.Dispose();
        _parked.Clear();
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
        KeptSequence prompt = _resident[0];
        foreach (ParkedConversation earlier in _parked.Where(p => p.Owner == _owner && prompt.Tokens.AsSpan().StartsWith(p.Tokens)).ToArray())
            Drop(earlier);
        _parked.Add(new ParkedConversation(_owner, prompt.Tokens, _used, context.SaveSequence(prompt.Sequence)));
        while (_parked.Count >= conversations)
            Drop(_parked[0]);
    }

    private void Drop(Func<string, long, bool> goes)
    {
        foreach (ParkedConversation parked in _parked.Where(p => goes(p.Owner, p.Used)).ToArray())
            Drop(parked);
        if (_resident.Count == 0 || !goes(_owner, _used))
            return;
        _resident.Clear();
        context.Wipe();
    }

    private void Drop(ParkedConversation parked)
    {
        _parked.Remove(parked);
        parked.Dispose();
    }

    private void Remove(KeptSequence kept)
    {
        context.RemoveSequence(kept.Sequence);
        _resident.Remove(kept);
    }

    /// <summary>Puts a parked conversation into the context; null where llama.cpp does not take it back.</summary>
    private KeptSequence? Restore(ParkedConversation parked)
    {
        using (parked)
        {
            int sequence = context.RentSequence();
            if (!context.RestoreSequence(sequence, parked.State))
            {
                context.Clear();
                return null;
            }
            var kept = new KeptSequence(sequence, parked.Tokens);
            _resident.Add(kept);
            (_owner, _used) = (parked.Owner, parked.Used);
            return kept;
        }
    }

    private KeptSequence? FindResident(string owner, ReadOnlySpan<int> prompt) =>
        owner == _owner ? Longest(_resident, kept => kept.Tokens, prompt) : null;

    private ParkedConversation? FindParked(string owner, ReadOnlySpan<int> prompt) =>
        Longest(_parked.Where(parked => parked.Owner == owner), parked => parked.Tokens, prompt);

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
