using System.Threading.Channels;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Learning.Selection;
using OnlineRlhf.Rounds.Conversations;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Profiles;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>
/// Turns a request into a round: it samples candidate answers, maps them to features, chooses the pair, and opens the round. It generates one request
/// at a time, and leases the profile once for all steps.
/// </summary>
/// <param name="model">The language model, which writes the answers.</param>
/// <param name="options">How rounds are made.</param>
/// <param name="planner">Decides what is generated.</param>
/// <param name="hints">Learns how style hints change answers.</param>
/// <param name="forecast">Predicts whole answers.</param>
/// <param name="queue">The one queue of the model.</param>
/// <param name="profiles">The profiles.</param>
/// <param name="registry">Holds the open rounds.</param>
/// <param name="events">Receives progress events.</param>
/// <param name="clock">Measures the time that a round takes.</param>
internal sealed class RoundPipeline(
    LanguageModel model,
    RoundOptions options,
    RoundPlanner planner,
    HintSelector hints,
    AnswerForecast forecast,
    GenerationQueue queue,
    ProfileCache profiles,
    RoundRegistry registry,
    EventHub events,
    TimeProvider clock
)
{
    private readonly QuestionRule _question = new(options.Usefulness, options.MaxUnaskedInARow);

    /// <summary>Samples candidates, maps them, chooses the pair, and opens a round.</summary>
    /// <param name="request">The request.</param>
    /// <param name="written">Receives what is certain of the answers; null for nobody.</param>
    /// <param name="progress">Receives the counts after every step; null for nobody.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    internal async Task<Round> OpenAsync(
        RoundRequest request,
        ChannelWriter<RoundEvent.Writing>? written,
        IProgress<SamplingProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        if (request is { Scope: RoundScope.Conversation, Turns: null })
            request = request with { Turns = new ConversationTurns(request.Messages) };
        if (request.OpensRound)
            registry.Begin(request.Profile, request.MayBeShown);
        try
        {
            (request, SamplingOptions sampling) = SamplingRequest.Resolve(request, options.Sampling, model);
            Round round = await queue
                .RunAsync<Round>(
                    (served, token) =>
                    {
                        using ProfileCache.Lease lease = profiles.Acquire(request.Profile);
                        if (planner.SteeringOf(request) is { } steering)
                            return Steer(lease.Profile, request, sampling, steering, written, progress, served, token);
                        (CandidateSet set, int promptTokens) = Sample(lease.Profile, request, sampling, progress, token);
                        PairChoice choice = Choose(lease.Profile, request, set.Features);
                        Round whole = NewRound(set, choice.Shown, set.Candidates.Count, LeaderIsFirst(request), promptTokens);
                        if (choice is { IsAsked: false, Challenger: { } unshown })
                            whole.Finish(set.Candidates[unshown], set.Features[unshown]);
                        whole.End();
                        return whole;
                    },
                    request.IsPatient,
                    cancellationToken
                )
                .ConfigureAwait(false);
            if (request.OpensRound)
                registry.Add(round, request.Turns, request.Answered);
            return round;
        }
        catch (Exception e) when (request.OpensRound)
        {
            registry.Abandon(
                request.Profile,
                request.MayBeShown,
                failed: e
                    is not (
                        OperationCanceledException
                        or ObjectDisposedException
                        or RoundException
                        or InferenceException { Error: InferenceError.PromptTooLong }
                    )
            );
            throw;
        }
        finally
        {
            written?.TryComplete();
        }
    }

    /// <summary>Samples candidates and maps them.</summary>
    internal Task<CandidateSet> SampleAsync(RoundRequest request, CancellationToken cancellationToken)
    {
        (request, SamplingOptions sampling) = SamplingRequest.Resolve(request, options.Sampling, model);
        return queue.RunAsync(
            token =>
            {
                using ProfileCache.Lease lease = profiles.Acquire(request.Profile);
                return Sample(lease.Profile, request, sampling, null, token).Set;
            },
            cancellationToken
        );
    }

    /// <summary>Chooses the pair by the taste of the set's profile.</summary>
    internal Choice Choose(CandidateSet set)
    {
        using ProfileCache.Lease lease = profiles.Acquire(set.Request.Profile);
        return Choose(lease.Profile, set.Request, set.Features).Shown;
    }

    private (CandidateSet Set, int PromptTokens) Sample(
        Profile profile,
        RoundRequest request,
        SamplingOptions sampling,
        IProgress<SamplingProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        RoundPlan ready = planner.Plan(profile, request, sampling, steering: null, progress);
        long start = clock.GetTimestamp();
        IReadOnlyList<Candidate> candidates = model.Sample(
            ready.Prompt,
            ready.Hints,
            ready.Sampling,
            ready.Progress,
            request.Profile,
            cancellationToken
        );
        planner.Took(clock.GetElapsedTime(start), ready, candidates.Max(c => c.Thoughts + c.Tokens));
        CandidateSet set = CandidateSet.Of(request, ready.Map, WithText(request, candidates));
        hints.Remember([.. set.Candidates.Select(c => c.Hint)], set.Features);
        if (!request.IsPlain)
            forecast.Written(candidates);
        return (set, ready.Prompt.Tokens);
    }

    /// <summary>
    /// Writes the round's answer block by block, and a second one beside it if the round asks. If it asks nothing, the round is served when its
    /// answer is whole, and the second one is finished while the person reads.
    /// </summary>
    private Round Steer(
        Profile profile,
        RoundRequest request,
        SamplingOptions sampling,
        SteeringOptions steering,
        ChannelWriter<RoundEvent.Writing>? written,
        IProgress<SamplingProgress>? progress,
        Func<Round, CancellationToken> served,
        CancellationToken cancellationToken
    )
    {
        RoundPlan ready = planner.Plan(profile, request, sampling, steering, progress);
        bool leaderFirst = LeaderIsFirst(request);
        Round? round = null;
        long start = clock.GetTimestamp();
        var guide = new SteeringGuide(
            ready.Map,
            request,
            forecast,
            features => Choose(profile, request, features),
            features => profile.Read(features, static (learned, features) => learned.Score(features)),
            Settled
        );
        // A generation that begins anew after its round was served has nobody to serve. Without a round, nobody needs a second answer.
        guide.Serve = leader => round is null && request.OpensRound ? served(round = Open([leader])) : new CancellationToken(canceled: true);
        try
        {
            SteeredAnswers answers = model.Steer(
                ready.Prompt,
                ready.Hints,
                ready.Sampling,
                ready.Steering!,
                guide,
                ready.Progress,
                request.Profile,
                cancellationToken
            );
            round ??= Open(answers.Challenger is { } other ? [answers.Leader, other] : [answers.Leader]);
            if (!round.Asked && answers.Challenger is { Text.Length: > 0 } unshown)
                Finish(round, unshown);
            return round;
        }
        finally
        {
            round?.End();
        }

        void Settled(string leader, string? challenger)
        {
            RoundEvent.Writing writing =
                leaderFirst || challenger is null ? new(request.Profile, leader, challenger) : new(request.Profile, challenger, leader);
            written?.TryWrite(writing);
            if (request.OpensRound && events.Followers > 0)
                events.Publish(writing);
        }

        Round Open(IReadOnlyList<Candidate> candidates)
        {
            planner.Took(clock.GetElapsedTime(start), ready, candidates.Max(c => c.Thoughts + c.Tokens));
            CandidateSet set = CandidateSet.Of(request, ready.Map, WithText(request, candidates));
            // The answers of side jobs have other lengths.
            if (!request.IsPlain)
                forecast.Written(set.Candidates);
            for (int i = 0; i < set.Candidates.Count; i++)
                guide.Finish(isLeader: ReferenceEquals(set.Candidates[i], candidates[0]), set.Features[i]);
            // The hint selector learns from all first blocks, exactly where they became whole answers.
            hints.Remember(guide.Hints, new CandidateFeatures(guide.Features, set.Dimension));
            Choice choice =
                set.Candidates.Count == 2
                    ? new Choice(0, 1, profile.Read(set.Features, static (learned, pair) => learned.Uncertainty(pair[1], pair[0])))
                    : new Choice(0, null, 0);
            return NewRound(set, choice, guide.Hints.Count, leaderFirst, ready.Prompt.Tokens);
        }

        void Finish(Round round, Candidate unshown)
        {
            try
            {
                CandidateSet set = CandidateSet.Of(request, ready.Map, [unshown]);
                forecast.Written([unshown]);
                guide.Finish(isLeader: false, set.Features[0]);
                round.Finish(unshown, set.Features[0]);
            }
            catch (InferenceException)
            {
                // An answer without features cannot be compared. Nobody waits for it.
            }
        }
    }

    private PairChoice Choose(Profile profile, RoundRequest request, CandidateFeatures candidates)
    {
        if (candidates.Count == 1)
            return new PairChoice(0, null, 0, IsAsked: false);
        return profile.Read(
            candidates,
            (learned, candidates) =>
            {
                Pair pair = request.Leader is { } choose
                    ? ExplorationRule.Select(learned, candidates, choose(learned, candidates))
                    : ExplorationRule.Select(learned, candidates);
                AskMode mode = request.Ask ?? options.Ask;
                bool ask =
                    mode == AskMode.Always
                    || (mode == AskMode.WhenUseful && _question.IsUseful(learned, candidates, pair.Leader, profile.UnaskedInARow));
                if (mode != AskMode.Never)
                    profile.UnaskedInARow = ask ? 0 : profile.UnaskedInARow + 1;
                return new PairChoice(pair.Leader, pair.Challenger, pair.Uncertainty, ask);
            }
        );
    }

    private Round NewRound(CandidateSet set, Choice choice, int candidates, bool leaderFirst, int promptTokens) =>
        new(
            ProfileName.NewRoundId(set.Request.Profile),
            set,
            choice,
            candidates,
            leaderFirst,
            promptTokens,
            clock,
            set.Request.Scope == RoundScope.Profile ? options.Lifetime : options.ConversationLifetime
        );

    private static bool LeaderIsFirst(RoundRequest request) =>
        !request.IsShuffled || (request.Seed is { } seed ? (seed * 0x9E3779B9u >> 31) == 0 : Random.Shared.Next(2) == 0);

    /// <summary>The answers that say something. If there are none, a chat program gets the empty one, and other programs an error.</summary>
    private static Candidate[] WithText(RoundRequest request, IReadOnlyList<Candidate> candidates)
    {
        Candidate[] written = [.. candidates.Where(c => c.Text.Length > 0)];
        return written.Length > 0 ? written
            : request.Scope != RoundScope.Profile ? [candidates[0]]
            : throw new RoundException(RoundError.NoAnswer, NoAnswer(candidates));
    }

    private static string NoAnswer(IReadOnlyList<Candidate> candidates) =>
        candidates.Max(c => c.Thoughts) is > 0 and var thoughts
            ? $"The model thought for {thoughts} tokens and wrote no answer: raise max_tokens or context, or try again."
            : "The model wrote no answer to this: say it in other words, or try again.";
}
