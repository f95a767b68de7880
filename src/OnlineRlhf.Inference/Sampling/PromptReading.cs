using OnlineRlhf.Inference.Conversations;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>
/// The prompt of one generation in the context. The model reads the new part of the conversation once, and then each distinct style hint once.
/// Disposing returns all sequences except those that <see cref="Keep"/> has given to the conversation cache.
/// </summary>
internal sealed class PromptReading : IDisposable
{
    private readonly GenerationSetup _setup;
    private readonly float[][] _firstLogits;
    private readonly int[] _groups;
    private readonly HashSet<int> _rented = [];
    private int _shared;

    /// <summary>Has the model read the prompt.</summary>
    internal PromptReading(GenerationSetup setup, CancellationToken cancellationToken)
    {
        _setup = setup;
        _firstLogits = new float[Prompt.Suffixes.Length][];
        _groups = new int[Prompt.Suffixes.Length];
        // At temperature 0 the answer must be the same whatever was read before. Another order of batches may round differently, so read
        // everything again.
        (_shared, int known) = setup.Conversations.Resume(setup.Owner, Prompt.Shared, fresh: setup.Options.Temperature == 0);
        try
        {
            Prefill(known, cancellationToken);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private DecodingContext Context => _setup.Context;

    private Prompt Prompt => _setup.Prompt;

    /// <summary>Starts a candidate: it draws its first token after the prompt with its hint.</summary>
    internal Track Start(int candidate, int attempt, int? sequence = null)
    {
        int group = Prompt.Groups[candidate],
            own = sequence ?? Rent();
        Context.CopySequence(_groups[group], own);
        SamplingOptions options = _setup.Options;
        uint seed = unchecked((options.Seed * 0x9E3779B9u) ^ ((uint)candidate * 0x85EBCA6Bu) ^ ((uint)(attempt + 1) * 0xC2B2AE35u));
        var sampler = new CandidateSampler(options, _setup.Vocabulary.Count, seed);
        int position = Prompt.Shared.Length + Prompt.Suffixes[group].Length;
        var track = new Track(sampler, _setup.Vocabulary, _setup.Limits, _setup.Embedding, own, position);
        track.Take(_firstLogits[group]);
        return track;
    }

    /// <summary>Frees the prompts with hints. No candidate can be started any more.</summary>
    internal void ReleaseHints()
    {
        foreach (int sequence in _groups)
            Return(sequence);
    }

    /// <summary>Reserves a sequence until the end of the generation, or until <see cref="Return"/>.</summary>
    internal int Rent()
    {
        int sequence = Context.RentSequence();
        _rented.Add(sequence);
        return sequence;
    }

    /// <summary>Frees a sequence and its memory.</summary>
    internal void Return(int sequence)
    {
        Context.RemoveSequence(sequence);
        _rented.Remove(sequence);
    }

    /// <summary>
    /// Keeps the prompt and the answers that were written without a hint. The next turn continues the answer that the client keeps.
    /// </summary>
    internal void Keep(IEnumerable<(int Candidate, Track Track)> answers)
    {
        List<CachedSequence> kept = [];
        foreach ((int candidate, Track track) in answers)
        {
            int[] suffix = Prompt.Suffixes[Prompt.Groups[candidate]];
            kept.Add(new CachedSequence(track.Sequence, [.. Prompt.Shared, .. suffix, .. track.TokenIds]));
            _rented.Remove(track.Sequence);
        }
        _setup.Conversations.Keep(_setup.Owner, new CachedSequence(_shared, Prompt.Shared), kept);
        _shared = -1;
    }

    /// <summary>Whether a candidate's answer can be kept for the next turn.</summary>
    internal bool MayBeKept(int candidate, Track track) => _setup.Hints[candidate] is null && !track.HasThoughts;

    public void Dispose()
    {
        foreach (int sequence in _rented)
            Context.RemoveSequence(sequence);
        _rented.Clear();
        if (_shared >= 0)
            Context.RemoveSequence(_shared);
        _shared = -1;
        if (Context.IsCorrupted)
            _setup.Conversations.Discard();
    }

    /// <summary>
    /// Decodes the new part of the shared prefix, then every suffix. The logits after each suffix are kept, so that a candidate can start again at
    /// any time.
    /// </summary>
    private void Prefill(int known, CancellationToken cancellationToken)
    {
        TokenBatch batch = Context.Batch;
        batch.Clear();
        for (int at = known; at < Prompt.Shared.Length; at++)
        {
            batch.Add(Prompt.Shared[at], at, _shared, output: false);
            if (batch.Count == batch.Capacity || at == Prompt.Shared.Length - 1)
                Flush([]);
        }
        List<(int Index, int Group)> ends = [];
        for (int g = 0; g < Prompt.Suffixes.Length; g++)
        {
            _groups[g] = Rent();
            Context.CopySequence(_shared, _groups[g]);
            int[] suffix = Prompt.Suffixes[g];
            for (int at = 0; at < suffix.Length; at++)
            {
                bool last = at == suffix.Length - 1;
                if (last)
                    ends.Add((batch.Count, g));
                batch.Add(suffix[at], Prompt.Shared.Length + at, _groups[g], output: last);
                if (batch.Count == batch.Capacity || (last && g == Prompt.Suffixes.Length - 1))
                    Flush(ends);
            }
        }

        void Flush(List<(int Index, int Group)> read)
        {
            Context.Decode(cancellationToken);
            foreach ((int index, int group) in read)
                _firstLogits[group] = Context.Logits(index).ToArray();
            read.Clear();
            batch.Clear();
        }
    }
}
