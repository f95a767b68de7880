using System.Threading.Channels;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning.Selection;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Pipeline;

namespace OnlineRlhf.Rounds.Conversations;

/// <summary>
/// Answers chat programs, and learns which answers people keep. A chat program shows one answer. If the person asks for another one, the next request
/// repeats the conversation; if the person goes on, it holds the answer that was kept.
/// </summary>
/// <remarks>
/// Everything is remembered in memory, with the round of the conversation's last turn. An answer counts as shown only when its last byte was sent.
/// </remarks>
public sealed class ConversationHandler
{
    // Somebody who asks for a joke twice in an hour wants two new jokes.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    private const int PairsRemembered = 256;

    private readonly RoundPipeline _pipeline;
    private readonly RoundRegistry _registry;
    private readonly TalkLearner _learner;
    private readonly bool _isOn,
        _hasHints;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly List<Request> _running = [];
    private readonly List<Pair> _pairs = [];

    internal ConversationHandler(RoundPipeline pipeline, RoundRegistry registry, TalkLearner learner, bool isOn, bool hasHints, TimeProvider clock) =>
        (_pipeline, _registry, _learner, _isOn, _hasHints, _clock) = (pipeline, registry, learner, isOn, hasHints, clock);

    /// <summary>Learns from the answer that the conversation goes on with, and answers its last turn.</summary>
    /// <param name="request">The request.</param>
    /// <param name="written">Receives what is certain, and is completed when the round is open or has failed; null for nobody.</param>
    /// <param name="progress">Receives the counts after every step, on the thread that generates; null for nobody.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="RoundException">The request is wrong, or too many requests wait.</exception>
    /// <exception cref="Inference.InferenceException">The prompt is too long, or the engine failed.</exception>
    /// <exception cref="Storage.StateException">The profile's state cannot be read.</exception>
    public async Task<ConversationAnswer> AnswerAsync(
        RoundRequest request,
        ChannelWriter<RoundEvent.Writing>? written = null,
        IProgress<SamplingProgress>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        if (request.Scope == RoundScope.Conversation)
            request = request with { Turns = new ConversationTurns(request.Messages) };
        if (!_isOn || request is not { Source: not null, Turns.Last: not null })
        {
            Round alone = await _pipeline.OpenAsync(request with { Source = null }, written, progress, cancellationToken).ConfigureAwait(false);
            _ = Note(alone);
            return new ConversationAnswer(alone, Shown(alone), request.OpensRound, _ => { });
        }
        var running = new Request(request);
        (Exchange? answered, GivenAnswer? before) = await LearnKeptAsync(request).ConfigureAwait(false);
        try
        {
            Exchange? repeated = await FindRepeatedAsync(running, cancellationToken).ConfigureAwait(false);
            if (repeated is not null && await UnshownAsync(repeated, cancellationToken).ConfigureAwait(false))
            {
                written?.TryComplete();
                return Answer(running, repeated.Round, repeated.Other, isNew: false);
            }
            Wish? wish = request.Ask == AskMode.Never ? Wish.Of(request.Messages[^1].Content) : null;
            // If a wish is sent again, the answer before it is remembered with the wish.
            before ??= wish is null ? null : WishedBefore(request);
            if (wish is not null && before is not null)
                request = wish.Apply(request, before, _hasHints);
            if (repeated is not null)
                request = request with { Repeated = repeated, Leader = Against(repeated) };
            Round round = await _pipeline.OpenAsync(request with { Answered = answered }, written, progress, cancellationToken).ConfigureAwait(false);
            running.Opened.SetResult(round.Exchange);
            GivenAnswer? given = Note(round);
            if (wish is not null && before is not null && given is not null && repeated is null)
                await _learner.LearnWordAsync(round, wish, given, before).ConfigureAwait(false);
            return Answer(running, round, given, isNew: true);
        }
        catch
        {
            End(running);
            throw;
        }
    }

    /// <summary>Finds the round that showed these two answers side by side, also if it is over; null if it is not remembered.</summary>
    /// <param name="profile">The profile of the round.</param>
    /// <param name="first">The text of the answer that was shown first.</param>
    /// <param name="second">The text of the other one.</param>
    public Guid? FindPair(string profile, string first, string second)
    {
        (UInt128 First, UInt128 Second) wanted = (ConversationTurns.HashOf(first), ConversationTurns.HashOf(second));
        lock (_gate)
            return _pairs.FindLast(p => p.Profile == profile && (p.First, p.Second) == wanted)?.Round;
    }

    private static IReadOnlyList<ShownAnswer> Shown(Round round) => round.Second is { } second ? [round.First, second] : [round.First];

    /// <summary>Has the exploration rule choose what to compare with the first answer.</summary>
    private static LeaderChooser Against(Exchange repeated) =>
        (learned, candidates) => ExplorationRule.Challenge(learned, candidates, repeated.First.Features);

    /// <summary>
    /// Learns from the answer that the person kept, if it was one of two. Returns that answer and its turn, if it was given by the last round.
    /// </summary>
    private async Task<(Exchange? Answered, GivenAnswer? Answer)> LearnKeptAsync(RoundRequest request)
    {
        if (request.Turns!.LastAnswer is not { } last)
            return (null, null);
        Exchange? exchange;
        bool isFirst,
            isOver;
        lock (_gate)
        {
            exchange = Array.Find(
                _registry.Exchanges(request.Source!.Value),
                e => (e.First.Hash == last.Hash || e.Other?.Hash == last.Hash) && e.Round.Profile == request.Profile && e.Turn.IsShownAs(last.Turn)
            );
            if (exchange is null)
                return (null, null);
            isOver = exchange.IsOver;
            exchange.IsOver = true;
            isFirst = exchange.First.Hash == last.Hash;
        }
        if (!isOver && !await _learner.LearnKeptAsync(exchange, isFirst).ConfigureAwait(false))
            // The next request may find the disk in order.
            exchange.IsOver = false;
        return (exchange, isFirst ? exchange.First : exchange.Other);
    }

    /// <summary>The answer that a wish was about, if this wish was answered already.</summary>
    private GivenAnswer? WishedBefore(RoundRequest request) =>
        Array
            .Find(
                _registry.Exchanges(request.Source!.Value),
                e => e.Turn.Exact == request.Turns!.Last!.Exact && e.Round.Profile == request.Profile && e.Wished is not null
            )
            ?.Wished;

    /// <summary>Finds what was asked before, if the person asks the same again and has not seen a second answer yet.</summary>
    private async Task<Exchange?> FindRepeatedAsync(Request running, CancellationToken cancellationToken)
    {
        RoundRequest request = running.Value;
        Task<Exchange?>? beside = null;
        Exchange? refused = null;
        lock (_gate)
        {
            Request? first = request.IsRetry
                ? null
                : _running.FindLast(r => !r.IsJoined && IsRepeated(r.Value, r.Value.Turns!.Last!, r.Value.Turns.System));
            _running.Add(running);
            if (first is not null)
            {
                first.IsJoined = running.IsJoined = true;
                beside = first.Opened.Task;
            }
            else if (
                !request.IsRetry
                && request.Ask == AskMode.Never
                && _registry.Newest(r => r.Source == request.Source && r.Scope == RoundScope.Conversation)?.Exchange is { IsOver: false } newest
                && IsRepeated(newest.Request, newest.Turn, newest.System)
                && (newest.Other?.DeliveredAt ?? newest.First.DeliveredAt) is { } delivered
                && _clock.GetElapsedTime(delivered) <= LongestPause
            )
            {
                if (!newest.IsPair)
                    return newest;
                // The person has refused both.
                newest.IsOver = true;
                refused = newest;
            }
        }
        if (beside is not null && await beside.WaitAsync(cancellationToken).ConfigureAwait(false) is { } shared)
        {
            shared.IsSideBySide = true;
            return shared;
        }
        if (refused is not null)
            await _learner.LearnTieAsync(refused).ConfigureAwait(false);
        return null;

        bool IsRepeated(RoundRequest other, ConversationTurn turn, UInt128 system) =>
            turn.Exact == request.Turns!.Last!.Exact && system == request.Turns.System && other.IsSampledLike(request);
    }

    /// <summary>Takes the answer that the model wrote for comparison, as soon as it is whole. False if there is none.</summary>
    private async Task<bool> UnshownAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        if (exchange.Other is not null)
            return true;
        if (await exchange.Round.Challenger.WaitAsync(cancellationToken).ConfigureAwait(false) is not { } unshown)
            return false;
        var other = new GivenAnswer(unshown.Answer, unshown.Features);
        if (other.Hash == exchange.First.Hash)
            return false;
        lock (_gate)
            exchange.Other ??= other;
        return true;
    }

    /// <summary>Notes the one answer of a round that asked nothing.</summary>
    private GivenAnswer? Note(Round round)
    {
        lock (_gate)
        {
            if (round.Second is { } second)
                _pairs.Add(new Pair(round.Profile, ConversationTurns.HashOf(round.First.Text), ConversationTurns.HashOf(second.Text), round.Id));
            if (_pairs.Count > PairsRemembered)
                _pairs.RemoveAt(0);
        }
        if (round.Exchange is not { } exchange)
            return null;
        lock (_gate)
            return ReferenceEquals(exchange.Round, round) ? exchange.First : exchange.Other ??= new GivenAnswer(round.First, round.Served);
    }

    private ConversationAnswer Answer(Request running, Round round, GivenAnswer? given, bool isNew) =>
        new(
            round,
            given is null ? Shown(round) : [given.Answer],
            isNew,
            wasDelivered =>
            {
                lock (_gate)
                {
                    if (wasDelivered && given is not null)
                        given.DeliveredAt = _clock.GetTimestamp();
                }
                End(running);
            }
        );

    private void End(Request running)
    {
        lock (_gate)
            _running.Remove(running);
        _ = running.Opened.TrySetResult(null);
    }

    /// <summary>A request whose answer is being written or sent.</summary>
    private sealed class Request(RoundRequest value)
    {
        internal RoundRequest Value { get; } = value;

        /// <summary>Completes when the round is open; with null if it has failed.</summary>
        internal TaskCompletionSource<Exchange?> Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Whether a request for the same beside it gets the other answer.</summary>
        internal bool IsJoined { get; set; }
    }

    /// <summary>Two answers that were shown side by side.</summary>
    private sealed record Pair(string Profile, UInt128 First, UInt128 Second, Guid Round);
}
