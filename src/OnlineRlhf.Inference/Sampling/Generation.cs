using System.Text;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>
/// One generation: the prompt is decoded once, each distinct hint behind it once, and all candidates step together, one batch per step; a candidate
/// that ends leaves the batch. What a reasoning model thinks before it answers is decoded and dropped.
/// </summary>
internal sealed class Generation(DecodingContext context, Vocabulary vocabulary, int embedding, SamplingOptions options, Prompt prompt, IReadOnlyList<string?> hints, AnswerLimits limits)
{
    private const int SharedSequence = 0;
    private readonly float[][] _firstLogits = new float[prompt.Suffixes.Length][];
    private int _drawn;

    internal List<Candidate> Run(IProgress<SamplingProgress>? progress, CancellationToken cancellationToken)
    {
        context.Clear();
        Prefill(cancellationToken);
        Track[] tracks = new Track[hints.Count];
        List<int> waiting = [.. Enumerable.Range(0, tracks.Length)];
        InferenceException? notFinite = null;
        for (int attempt = 0; waiting.Count > 0 && attempt <= options.DuplicateAttempts; attempt++)
        {
            foreach (int i in waiting)
                tracks[i] = Start(i, attempt);
            Decode(tracks, waiting, progress, cancellationToken);
            // The others are as good as they were.
            notFinite = tracks.Any(t => !t.IsFinite) ? context.NotFinite() : notFinite;
            waiting = [.. Enumerable.Range(0, tracks.Length).Where(i => IsWorthless(tracks, i))];
        }
        List<Candidate> distinct = [.. Enumerable.Range(0, tracks.Length).Where(i => !IsWorthless(tracks, i)).Select(i => tracks[i].ToCandidate(hints[i]))];
        int any = Array.FindIndex(tracks, t => t.IsFinite);
        if (any < 0)
            throw notFinite!;
        return distinct.Count > 0 ? distinct : [tracks[any].ToCandidate(hints[any])];
    }

    /// <summary>Decodes the shared prefix and every suffix; the logits behind each suffix are kept, so that a candidate can start anew at any time.</summary>
    private void Prefill(CancellationToken cancellationToken)
    {
        DecodeTokens(prompt.Shared, 0, SharedSequence, outputLast: false, cancellationToken);
        for (int g = 0; g < prompt.Suffixes.Length; g++)
        {
            context.CopySequence(SharedSequence, Group(g));
            DecodeTokens(prompt.Suffixes[g], prompt.Shared.Length, Group(g), outputLast: true, cancellationToken);
            _firstLogits[g] = context.Logits(context.Batch.Count - 1).ToArray();
        }
    }

    private void DecodeTokens(ReadOnlySpan<int> tokens, int position, int sequence, bool outputLast, CancellationToken cancellationToken)
    {
        for (int at = 0; at < tokens.Length;)
        {
            context.Batch.Clear();
            for (; at < tokens.Length && context.Batch.Count < context.Batch.Capacity; at++)
                context.Batch.Add(tokens[at], position + at, sequence, outputLast && at == tokens.Length - 1);
            context.Decode(cancellationToken);
        }
    }

    private Track Start(int candidate, int attempt)
    {
        int group = prompt.Groups[candidate], sequence = 1 + prompt.Suffixes.Length + candidate;
        context.CopySequence(Group(group), sequence);
        uint seed = unchecked((options.Seed * 0x9E3779B9u) ^ ((uint)candidate * 0x85EBCA6Bu) ^ ((uint)(attempt + 1) * 0xC2B2AE35u));
        int position = prompt.Shared.Length + prompt.Suffixes[group].Length;
        var track = new Track(new CandidateSampler(options, vocabulary.Count, seed), vocabulary, limits, embedding, sequence, position);
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
                    if (track.Ended)
                        context.RemoveSequence(track.Sequence);
                    else
                        track.Take(context.Logits(i));
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

    /// <summary>An empty answer, one that an earlier candidate gives too, or one whose states are not numbers, adds nothing to choose from.</summary>
    private static bool IsWorthless(Track[] tracks, int candidate)
    {
        string text = tracks[candidate].Text;
        return text.Length == 0 || !tracks[candidate].IsFinite || Array.FindIndex(tracks, t => t.Text == text && t.IsFinite) < candidate;
    }

    private static int Group(int index) => 1 + index;
}
