using OnlineRlhf.Inference.Conversations;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>
/// One generation. The new part of the prompt is decoded once, and then each distinct hint once. All candidates step together, one batch for each
/// step; a candidate that ends leaves the batch. Thoughts of a reasoning model are decoded and dropped.
/// </summary>
/// <param name="context">The context that decodes.</param>
/// <param name="conversations">What the model has read before.</param>
/// <param name="owner">The owner of the conversation.</param>
/// <param name="vocabulary">The vocabulary of the model.</param>
/// <param name="embedding">The width of a hidden state.</param>
/// <param name="options">How to sample.</param>
/// <param name="prompt">The conversation.</param>
/// <param name="hints">The style hint of each candidate, null for none.</param>
/// <param name="limits">How long thoughts and answers may be.</param>
internal sealed class Generation(
    DecodingContext context,
    ConversationCache conversations,
    string owner,
    Vocabulary vocabulary,
    int embedding,
    SamplingOptions options,
    Prompt prompt,
    IReadOnlyList<string?> hints,
    AnswerLimits limits
)
{
    private readonly float[][] _firstLogits = new float[prompt.Suffixes.Length][];
    private readonly int[] _groups = new int[prompt.Suffixes.Length],
        _sequences = new int[hints.Count];
    private int _shared,
        _drawn;

    internal List<Candidate> Run(IProgress<SamplingProgress>? progress, CancellationToken cancellationToken)
    {
        // At temperature 0 the answer must be the same whatever was read before. Another order of batches may round differently, so read
        // everything again.
        (_shared, int known) = conversations.Resume(owner, prompt.Shared, fresh: options.Temperature == 0);
        Array.Fill(_groups, -1);
        Array.Fill(_sequences, -1);
        bool done = false;
        try
        {
            Prefill(known, cancellationToken);
            List<Candidate> candidates = Sample(out Track[] tracks, progress, cancellationToken);
            Keep(tracks);
            done = true;
            return candidates;
        }
        finally
        {
            foreach (int sequence in (int[])[.. _groups, .. _sequences, done ? -1 : _shared])
            {
                if (sequence >= 0)
                    context.RemoveSequence(sequence);
            }
            if (context.IsCorrupted)
                conversations.Discard();
        }
    }

    private List<Candidate> Sample(out Track[] tracks, IProgress<SamplingProgress>? progress, CancellationToken cancellationToken)
    {
        Track[] all = tracks = new Track[hints.Count];
        List<int> waiting = [.. Enumerable.Range(0, all.Length)];
        InferenceException? notFinite = null;
        for (int attempt = 0; waiting.Count > 0 && attempt <= options.DuplicateAttempts; attempt++)
        {
            foreach (int i in waiting)
                all[i] = Start(i, attempt);
            Decode(all, waiting, progress, cancellationToken);
            // Remember the failure, but keep the other answers: they are not affected.
            notFinite = all.Any(t => !t.IsFinite) ? context.NotFinite() : notFinite;
            waiting = [.. Enumerable.Range(0, all.Length).Where(i => IsWorthless(all, i))];
        }
        List<Candidate> distinct = [.. Enumerable.Range(0, all.Length).Where(i => !IsWorthless(all, i)).Select(i => all[i].ToCandidate(hints[i]))];
        int any = Array.FindIndex(all, t => t.IsFinite);
        if (any < 0)
            throw notFinite!;
        return distinct.Count > 0 ? distinct : [all[any].ToCandidate(hints[any])];
    }

    /// <summary>
    /// Keeps the prompt and the answers that were written without a hint. The next turn continues the answer that the client keeps.
    /// </summary>
    private void Keep(Track[] tracks)
    {
        List<CachedSequence> answers = [];
        foreach (int i in Enumerable.Range(0, tracks.Length).Where(i => MayBeKept(tracks[i]) && !IsWorthless(tracks, i)))
        {
            answers.Add(new CachedSequence(_sequences[i], [.. prompt.Shared, .. prompt.Suffixes[prompt.Groups[i]], .. tracks[i].TokenIds]));
            _sequences[i] = -1;
        }
        conversations.Keep(owner, new CachedSequence(_shared, prompt.Shared), answers);
    }

    private bool MayBeKept(Track track) => hints[Array.IndexOf(_sequences, track.Sequence)] is null && !track.HasThoughts;

    /// <summary>
    /// Decodes the new part of the shared prefix, then every suffix. The logits after each suffix are kept, so that a candidate can start again at
    /// any time.
    /// </summary>
    private void Prefill(int known, CancellationToken cancellationToken)
    {
        context.Batch.Clear();
        for (int at = known; at < prompt.Shared.Length; at++)
        {
            context.Batch.Add(prompt.Shared[at], at, _shared, output: false);
            if (context.Batch.Count == context.Batch.Capacity || at == prompt.Shared.Length - 1)
                Flush([]);
        }
        List<(int Index, int Group)> ends = [];
        for (int g = 0; g < prompt.Suffixes.Length; g++)
        {
            _groups[g] = context.RentSequence();
            context.CopySequence(_shared, _groups[g]);
            int[] suffix = prompt.Suffixes[g];
            for (int at = 0; at < suffix.Length; at++)
            {
                bool last = at == suffix.Length - 1;
                if (last)
                    ends.Add((context.Batch.Count, g));
                context.Batch.Add(suffix[at], prompt.Shared.Length + at, _groups[g], output: last);
                if (context.Batch.Count == context.Batch.Capacity || (last && g == prompt.Suffixes.Length - 1))
                    Flush(ends);
            }
        }

        void Flush(List<(int Index, int Group)> read)
        {
            context.Decode(cancellationToken);
            foreach ((int index, int group) in read)
                _firstLogits[group] = context.Logits(index).ToArray();
            read.Clear();
            context.Batch.Clear();
        }
    }

    private Track Start(int candidate, int attempt)
    {
        int group = prompt.Groups[candidate];
        if (_sequences[candidate] < 0)
            _sequences[candidate] = context.RentSequence();
        context.CopySequence(_groups[group], _sequences[candidate]);
        uint seed = unchecked((options.Seed * 0x9E3779B9u) ^ ((uint)candidate * 0x85EBCA6Bu) ^ ((uint)(attempt + 1) * 0xC2B2AE35u));
        int position = prompt.Shared.Length + prompt.Suffixes[group].Length;
        var track = new Track(new CandidateSampler(options, vocabulary.Count, seed), vocabulary, limits, embedding, _sequences[candidate], position);
        track.Take(_firstLogits[group]);
        return track;
    }

    private void Decode(Track[] tracks, List<int> running, IProgress<SamplingProgress>? progress, CancellationToken cancellationToken)
    {
        List<Track> active = [.. running.Select(i => tracks[i]).Where(t => t.IsFinite)];
        try
        {
            while (active.Count > 0)
            {
                context.Batch.Clear();
                foreach (Track track in active)
                    context.Batch.Add(track.Token, track.Position++, track.Sequence, output: true);
                context.Decode(cancellationToken);
                _drawn += active.Count;
                for (int i = 0; i < active.Count; i++)
                {
                    Track track = active[i];
                    track.AddHidden(context.Hidden(i));
                    if (!track.Ended)
                        track.Take(context.Logits(i));
                    else if (!MayBeKept(track))
                        context.EmptySequence(track.Sequence);
                }
                active.RemoveAll(t => t.Ended && (!t.IsFinite || t.Hidden.Tokens == t.TokenIds.Count));
                progress?.Report(new SamplingProgress(_drawn, tracks.Length - active.Count, tracks.Length));
            }
        }
        finally
        {
            foreach (int i in running)
                tracks[i].Sampler.Dispose();
        }
    }

    /// <summary>
    /// Whether an answer adds nothing to choose from: it is empty, repeats an earlier candidate, or has states that are not finite.
    /// </summary>
    private static bool IsWorthless(Track[] tracks, int candidate)
    {
        string text = tracks[candidate].Text;
        return text.Length == 0 || !tracks[candidate].IsFinite || Array.FindIndex(tracks, t => t.Text == text && t.IsFinite) < candidate;
    }
}
