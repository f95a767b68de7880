using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using LLama.Native;
using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>
/// Writes an answer block by block. After the first block of all candidates the guide chooses one. The model then writes several continuations of it,
/// the guide chooses again, and so on. A branch shares the memory of its beginning with the others; a branch that is not chosen is freed.
/// </summary>
/// <param name="setup">What it works with.</param>
/// <param name="steering">The blocks.</param>
/// <param name="guide">Chooses.</param>
internal sealed class SteeredGeneration(GenerationSetup setup, SteeringOptions steering, IAnswerGuide guide)
{
    private int _drawn,
        _forks,
        _settled,
        _wanted;

    internal SteeredAnswers Run(IProgress<SamplingProgress>? progress, CancellationToken cancellationToken)
    {
        using var prompt = new PromptReading(setup, cancellationToken);
        List<Branch> open = [];
        try
        {
            for (int i = 0; i < setup.Hints.Count; i++)
                open.Add(new Branch(Start(prompt, i), i));
            prompt.ReleaseHints();
            WriteBlock(open, steering.FirstBlock, progress, cancellationToken);
            List<Branch> finite = Finite(open);
            // An empty answer is no choice, unless there is no other.
            if (finite.Exists(b => !IsEmpty(b)))
                finite.RemoveAll(IsEmpty);
            Drop(prompt, open, b => !finite.Contains(b));
            FirstChoice choice = guide.ChooseFirst(View(open));
            Branch leader = open[choice.Leader];
            Branch? challenger = choice.Challenger is { } other && other != choice.Leader ? open[other] : null;
            Drop(prompt, open, b => b != leader && b != challenger);
            leader = Lead(prompt, open, leader, challenger, choice.IsAsked, progress, cancellationToken);
            if (challenger is { Track.IsDone: false } && choice.IsAsked)
                WriteOn(leader, challenger, progress, cancellationToken);
            else if (challenger is not null && !choice.IsAsked && !FinishLater(challenger, guide.Served(ToCandidate(leader))))
                challenger = null;
            prompt.Keep(
                ((Branch?[])[leader, challenger])
                    .OfType<Branch>()
                    .Where(b => b.Track.IsFinite && prompt.MayBeKept(b.Candidate, b.Track))
                    .Select(b => (b.Candidate, b.Track))
            );
            Candidate written = ToCandidate(leader);
            Candidate? compared = challenger is not null && IsFinite(challenger) ? ToCandidate(challenger) : null;
            return new SteeredAnswers(written, compared?.Text == written.Text ? null : compared, _drawn);
        }
        finally
        {
            foreach (Branch branch in open)
                branch.Track.Sampler.Dispose();
        }
    }

    /// <summary>Starts a candidate, and again if its first token ends it.</summary>
    private Track Start(PromptReading prompt, int candidate)
    {
        Track track = prompt.Start(candidate, attempt: 0);
        for (int attempt = 1; track.Ended && track.IsFinite && track.Text.Length == 0 && attempt <= setup.Options.DuplicateAttempts; attempt++)
        {
            track.Sampler.Dispose();
            track = prompt.Start(candidate, attempt, track.Sequence);
        }
        return track;
    }

    private static bool IsEmpty(Branch branch) => branch.Track.IsDone && branch.Track.Text.Length == 0;

    /// <summary>Continues the leader to its end, in the same batches as a challenger that is shown.</summary>
    private Branch Lead(
        PromptReading prompt,
        List<Branch> open,
        Branch leader,
        Branch? challenger,
        bool isAsked,
        IProgress<SamplingProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        Branch? shown = isAsked ? challenger : null;
        _wanted = shown is null ? 1 : 2;
        Settle(leader, shown);
        // The challenger is not paused at a block's end any more.
        shown?.Resume();
        while (!leader.Track.IsDone)
        {
            int end = steering.NextEnd(leader.Track.TokenIds.Count);
            List<Branch> branches = Fork(prompt, open, leader);
            if (branches.Count == 1)
            {
                WriteOn(leader, shown, progress, cancellationToken);
                return Finite(branches)[0];
            }
            WriteBlock(branches, end, progress, cancellationToken, shown);
            List<Branch> finite = Finite(branches);
            leader = finite[finite.Count == 1 ? 0 : guide.Choose(View(finite))];
            Drop(prompt, open, b => b != leader && b != challenger);
            Settle(leader, shown);
        }
        return leader;
    }

    /// <summary>Writes the answers to their ends. With nothing to choose, every word is told as soon as it is written.</summary>
    private void WriteOn(Branch leader, Branch? challenger, IProgress<SamplingProgress>? progress, CancellationToken cancellationToken)
    {
        Branch[] answers = challenger is null ? [leader] : [leader, challenger];
        while (true)
        {
            List<Branch> active = [.. answers.Where(b => b.IsWriting)];
            if (active.Count == 0)
                return;
            Step(active, int.MaxValue, null, cancellationToken);
            progress?.Report(new SamplingProgress(_drawn, answers.Count(b => b.Track.IsDone), _wanted));
            Settle(leader, challenger);
        }
    }

    /// <summary>
    /// Finishes the challenger after the leader was served, at half the pace. The leader's memory is in the same context, so no step is broken off.
    /// </summary>
    /// <returns>Whether the challenger is whole.</returns>
    private bool FinishLater(Branch challenger, CancellationToken ended)
    {
        challenger.Resume();
        try
        {
            while (!challenger.Track.IsDone && !ended.IsCancellationRequested)
            {
                long start = Stopwatch.GetTimestamp();
                Step([challenger], int.MaxValue, null, CancellationToken.None);
                ended.WaitHandle.WaitOne(Stopwatch.GetElapsedTime(start));
            }
        }
        catch (InferenceException)
        {
            // The leader is served already. The next request meets the same failure and reports it.
            return false;
        }
        return challenger.Track.IsDone && IsFinite(challenger);
    }

    /// <summary>The leader itself and copies of it, each of which draws its own next token.</summary>
    private List<Branch> Fork(PromptReading prompt, List<Branch> open, Branch leader)
    {
        List<Branch> branches = [leader];
        // Memory is set aside for as many answers as there are candidates.
        int most = Math.Min(steering.Branches, setup.Hints.Count - open.Count + 1);
        for (int i = 1; i < most; i++)
        {
            int sequence = prompt.Rent();
            setup.Context.CopySequence(leader.Track.Sequence, sequence);
            uint seed = unchecked((setup.Options.Seed * 0x9E3779B9u) ^ ((uint)++_forks * 0x27D4EB2Fu) ^ 0x165667B1u);
            Track track = leader.Track.Fork(new CandidateSampler(setup.Options, setup.Vocabulary.Count, seed), sequence);
            var branch = new Branch(track, leader.Candidate) { Paused = leader.Paused };
            branches.Add(branch);
            open.Add(branch);
        }
        foreach (Branch branch in branches)
            branch.Resume();
        return branches;
    }

    /// <summary>Lets branches write until each has ended, or has come to the block's end.</summary>
    /// <param name="branches">The branches.</param>
    /// <param name="end">The tokens after which the block ends.</param>
    /// <param name="progress">Receives the counts after every step.</param>
    /// <param name="cancellationToken">Checked between steps.</param>
    /// <param name="beside">A candidate that is written in the same batches and that no block ends.</param>
    private void WriteBlock(
        List<Branch> branches,
        int end,
        IProgress<SamplingProgress>? progress,
        CancellationToken cancellationToken,
        Branch? beside = null
    )
    {
        while (true)
        {
            List<Branch> active = branches.FindAll(b => b.IsWriting);
            if (active.Count == 0)
                return;
            if (beside is { IsWriting: true })
                active.Add(beside);
            Step(active, end, beside, cancellationToken);
            progress?.Report(Progress(branches, beside));
        }
    }

    /// <summary>First counts the beginnings, and then the one or two answers that are written to their end.</summary>
    private SamplingProgress Progress(List<Branch> branches, Branch? beside) =>
        _wanted == 0
            ? new SamplingProgress(_drawn, branches.Count(b => b.Track.IsDone), branches.Count)
            : new SamplingProgress(_drawn, beside is { Track.IsDone: true } ? 1 : 0, _wanted);

    /// <summary>Lets branches write a token each.</summary>
    private void Step(List<Branch> active, int end, Branch? beside, CancellationToken cancellationToken)
    {
        DecodingContext context = setup.Context;
        context.Batch.Clear();
        foreach (Branch branch in active)
            context.Batch.Add(branch.Track.Token, branch.Track.Position++, branch.Track.Sequence, output: true);
        context.Decode(cancellationToken);
        _drawn += active.Count;
        for (int row = 0; row < active.Count; row++)
        {
            Branch branch = active[row];
            branch.Track.AddHidden(context.Hidden(row));
            if (branch.Track.Ended)
                continue;
            ReadOnlySpan<float> logits = context.Logits(row);
            if (branch != beside && EndsBlock(branch.Track, end, logits))
                branch.Paused = logits.ToArray();
            else
                branch.Track.Take(logits);
        }
    }

    private bool EndsBlock(Track track, int end, ReadOnlySpan<float> logits)
    {
        int tokens = track.Hidden.Tokens;
        return tokens >= end && (tokens - SteeringOptions.WordPatience >= end || BeginsWord(logits));
    }

    /// <summary>Whether the likeliest next token begins a word or ends the answer.</summary>
    private bool BeginsWord(ReadOnlySpan<float> logits)
    {
        LLamaTokenData top = default;
        if (TopTokens.Select(logits, new Span<LLamaTokenData>(ref top)) == 0)
            return true;
        int token = (int)top.ID;
        if (setup.Vocabulary.IsEndOfGeneration(token))
            return true;
        List<byte> piece = [];
        setup.Vocabulary.AppendPiece(token, control: false, piece);
        return Rune.DecodeFromUtf8(CollectionsMarshal.AsSpan(piece), out Rune first, out _) != OperationStatus.Done
            || Rune.IsWhiteSpace(first)
            || Rune.GetUnicodeCategory(first) == UnicodeCategory.OtherLetter;
    }

    /// <summary>
    /// Tells the guide what the answers begin with. The challenger is ahead of the leader, which waits at a block's end: of both, as many tokens are
    /// told, so that nothing shows which one leads.
    /// </summary>
    private void Settle(Branch leader, Branch? challenger)
    {
        (string first, string? second) = (Settled(leader, challenger), challenger is null ? null : Settled(challenger, leader));
        if (first.Length + (second?.Length ?? 0) <= _settled)
            return;
        _settled = first.Length + (second?.Length ?? 0);
        guide.Settled(first, second);
    }

    /// <summary>
    /// What a branch begins with for certain: the last word may still grow, unless the answer has ended. Scripts without spaces have no such words.
    /// </summary>
    private static string Settled(Branch branch, Branch? beside)
    {
        Track track = branch.Track;
        if (track.MayBeThoughts)
            return "";
        int tokens = beside is { Track.IsDone: false } ? Math.Min(track.TokenIds.Count, beside.Track.TokenIds.Count) : track.TokenIds.Count;
        if (track.Ended && tokens == track.TokenIds.Count)
            return track.Text;
        string text = track.TextOf(tokens);
        int word = text.Length;
        while (word > 0 && !EndsWord(text[word - 1]))
            word--;
        return text[..word].TrimEnd();
    }

    private static bool EndsWord(char character) => char.IsWhiteSpace(character) || char.GetUnicodeCategory(character) == UnicodeCategory.OtherLetter;

    /// <summary>The branches whose outputs are finite. One that is not marks the context as corrupted, because it may have spoilt others.</summary>
    /// <exception cref="InferenceException">No branch is finite.</exception>
    private List<Branch> Finite(List<Branch> branches)
    {
        List<Branch> finite = branches.FindAll(IsFinite);
        return finite.Count > 0 ? finite : throw setup.Context.NotFinite();
    }

    private bool IsFinite(Branch branch)
    {
        if (!branch.Track.IsFinite)
            _ = setup.Context.NotFinite();
        return branch.Track.IsFinite;
    }

    private static void Drop(PromptReading prompt, List<Branch> open, Predicate<Branch> goes) => open.RemoveAll(b => goes(b) && Free(prompt, b));

    private static bool Free(PromptReading prompt, Branch branch)
    {
        prompt.Return(branch.Track.Sequence);
        branch.Track.Sampler.Dispose();
        return true;
    }

    private List<PartialAnswer> View(List<Branch> branches) =>
        branches.ConvertAll(b => new PartialAnswer(b.Track.Text, setup.Hints[b.Candidate], b.Track.IsDone, b.Track.Hidden));

    private Candidate ToCandidate(Branch branch) => branch.Track.ToCandidate(setup.Hints[branch.Candidate]);

    /// <summary>A track, and the candidate that it began as.</summary>
    private sealed class Branch(Track track, int candidate)
    {
        internal Track Track { get; } = track;

        internal int Candidate { get; } = candidate;

        /// <summary>The logits after the last token, if the branch waits at the end of a block.</summary>
        internal float[]? Paused { get; set; }

        internal bool IsWriting => Paused is null && !Track.IsDone;

        /// <summary>Draws the token after the block.</summary>
        internal void Resume()
        {
            if (Paused is null)
                return;
            Track.Take(Paused);
            Paused = null;
        }
    }
}
