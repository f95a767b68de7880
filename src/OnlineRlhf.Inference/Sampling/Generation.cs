using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>
/// Writes whole answers. All candidates step together, one batch for each step; a candidate that ends leaves the batch. Thoughts of a reasoning model
/// are decoded and dropped.
/// </summary>
internal sealed class Generation(GenerationSetup setup)
{
    private int _drawn;

    internal List<Candidate> Run(IProgress<SamplingProgress>? progress, CancellationToken cancellationToken)
    {
        using var prompt = new PromptReading(setup, cancellationToken);
        List<Candidate> candidates = Sample(prompt, out Track[] tracks, progress, cancellationToken);
        IEnumerable<int> kept = Enumerable.Range(0, tracks.Length).Where(i => prompt.MayBeKept(i, tracks[i]) && !IsWorthless(tracks, i));
        prompt.Keep(kept.Select(i => (i, tracks[i])));
        return candidates;
    }

    private List<Candidate> Sample(
        PromptReading prompt,
        out Track[] tracks,
        IProgress<SamplingProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        Track[] all = tracks = new Track[setup.Hints.Count];
        List<int> waiting = [.. Enumerable.Range(0, all.Length)];
        InferenceException? notFinite = null;
        for (int attempt = 0; waiting.Count > 0 && attempt <= setup.Options.DuplicateAttempts; attempt++)
        {
            foreach (int i in waiting)
                all[i] = prompt.Start(i, attempt, all[i]?.Sequence);
            Decode(prompt, all, waiting, progress, cancellationToken);
            // Remember the failure, but keep the other answers: they are not affected.
            notFinite = all.Any(t => !t.IsFinite) ? setup.Context.NotFinite() : notFinite;
            waiting = [.. Enumerable.Range(0, all.Length).Where(i => IsWorthless(all, i))];
        }
        List<Candidate> distinct =
        [
            .. Enumerable.Range(0, all.Length).Where(i => !IsWorthless(all, i)).Select(i => all[i].ToCandidate(setup.Hints[i])),
        ];
        int any = Array.FindIndex(all, t => t.IsFinite);
        if (any < 0)
            throw notFinite!;
        return distinct.Count > 0 ? distinct : [all[any].ToCandidate(setup.Hints[any])];
    }

    private void Decode(
        PromptReading prompt,
        Track[] tracks,
        List<int> running,
        IProgress<SamplingProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        DecodingContext context = setup.Context;
        List<int> active = [.. running.Where(i => tracks[i].IsFinite)];
        try
        {
            while (active.Count > 0)
            {
                context.Batch.Clear();
                foreach (int i in active)
                    context.Batch.Add(tracks[i].Token, tracks[i].Position++, tracks[i].Sequence, output: true);
                context.Decode(cancellationToken);
                _drawn += active.Count;
                for (int row = 0; row < active.Count; row++)
                {
                    Track track = tracks[active[row]];
                    track.AddHidden(context.Hidden(row));
                    if (!track.Ended)
                        track.Take(context.Logits(row));
                    else if (!prompt.MayBeKept(active[row], track))
                        context.EmptySequence(track.Sequence);
                }
                active.RemoveAll(i => tracks[i].IsDone);
                progress?.Report(new SamplingProgress(_drawn, tracks.Length - active.Count, tracks.Length));
            }
        }
        finally
        {
            foreach (int i in running)
                tracks[i].Sampler.Dispose();
        }
    }

    /// <summary>Whether a candidate is no real choice: it is empty, it repeats an earlier one, or its states are not finite.</summary>
    private static bool IsWorthless(Track[] tracks, int candidate)
    {
        string text = tracks[candidate].Text;
        return text.Length == 0 || !tracks[candidate].IsFinite || Array.FindIndex(tracks, t => t.Text == text && t.IsFinite) < candidate;
    }
}
