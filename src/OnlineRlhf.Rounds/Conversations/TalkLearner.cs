using System.Numerics.Tensors;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Profiles;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Conversations;

/// <summary>
/// Learns from conversations. A failure of the disk loses a comparison, and never an answer. What a person did is recorded even if the client
/// disconnects.
/// </summary>
/// <remarks>
/// Some people ask again at random and go on with what they see last. Learned from, that would teach the opposite of their taste. So comparisons are
/// held back until the person has gone back to a first answer once: such a person looks at both.
/// </remarks>
/// <param name="profiles">The profiles.</param>
/// <param name="turn">A semaphore, held while a comparison is recorded.</param>
/// <param name="events">Receives an event for each comparison that is recorded.</param>
/// <param name="mostProfiles">How many profiles may be stored.</param>
/// <param name="clock">Tells how old a comparison is that is held back.</param>
internal sealed class TalkLearner(ProfileCache profiles, SemaphoreSlim turn, EventHub events, int mostProfiles, TimeProvider clock)
{
    private long _kept,
        _words,
        _heldBack,
        _lost;

    internal long Kept => Interlocked.Read(ref _kept);

    internal long Words => Interlocked.Read(ref _words);

    internal long HeldBack => Interlocked.Read(ref _heldBack);

    internal long Lost => Interlocked.Read(ref _lost);

    /// <summary>Learns that the person went on with an answer, if it was one of two. False if that could not be recorded.</summary>
    internal Task<bool> LearnKeptAsync(Exchange exchange, bool isFirst)
    {
        if (exchange.IsPair)
        {
            if (exchange.IsSideBySide && !isFirst)
                return Task.FromResult(true);
            return LearnAsync(isFirst ? exchange.First : exchange.Other!, isFirst ? exchange.Other! : exchange.First);
        }
        // The person said which manner was wished, and accepts what came of it.
        if (isFirst && exchange is { Wished: { } before, First.DeliveredAt: not null })
            return RecordAsync(
                exchange.Round,
                profile => Record(profile, exchange.Round.Id, exchange.Round, Subtract(exchange.First, before), 1, ComparisonKind.Talk)
            );
        return Task.FromResult(true);

        Task<bool> LearnAsync(GivenAnswer kept, GivenAnswer other) =>
            RecordAsync(
                exchange.Round,
                profile => RecordOrHold(profile, exchange, Subtract(kept, other), 1, hasGoneBack: isFirst && !exchange.IsSideBySide)
            );
    }

    /// <summary>Learns that the person refused both answers.</summary>
    internal Task<bool> LearnTieAsync(Exchange exchange) =>
        RecordAsync(exchange.Round, profile => RecordOrHold(profile, exchange, Subtract(exchange.First, exchange.Other!), 0.5, hasGoneBack: false));

    /// <summary>
    /// Learns a wish about manner, on the features that it names alone. On the whole difference it would also teach what the two answers have by
    /// chance.
    /// </summary>
    /// <remarks>Measured on simulated people, a word is worth three to four presses so, and less than one on the whole difference.</remarks>
    internal Task<bool> LearnWordAsync(Round round, Wish wish, GivenAnswer given, GivenAnswer before)
    {
        float[] difference = wish.Difference(given.Features, before.Features);
        // An answer that did not move as wished says nothing.
        return difference.Length == 0
            ? Task.FromResult(true)
            : RecordAsync(
                round,
                profile => Record(profile, ProfileName.ComparisonKey(round.Profile, round.Id), round, difference, 1, ComparisonKind.Word)
            );
    }

    private void RecordOrHold(Profile profile, Exchange exchange, float[] difference, double label, bool hasGoneBack)
    {
        Guid id = exchange.Round.Id;
        if (profile.IsTrusted(exchange.Source))
        {
            Record(profile, id, exchange.Round, difference, label, ComparisonKind.Talk);
            return;
        }
        bool isHeld = profile.Hold(id, exchange.Source, exchange.Round.Map, difference, label, clock.GetUtcNow());
        if (!hasGoneBack)
        {
            Interlocked.Add(ref _heldBack, isHeld ? 1 : 0);
            return;
        }
        Interlocked.Add(ref _kept, profile.Trust(exchange.Source, exchange.Round.Map, clock.GetUtcNow()));
        events.Publish(new RoundEvent.Recorded(id, profile.Name, profile.CountComparisons(), ComparisonKind.Talk));
    }

    private void Record(Profile profile, Guid id, Round round, float[] difference, double label, ComparisonKind kind)
    {
        // An earlier try may have failed after the comparison became durable.
        if (profile.Find(id) is not null)
            return;
        long comparisons = profile.Record(id, round.Map, difference, label, kind);
        Interlocked.Increment(ref kind == ComparisonKind.Word ? ref _words : ref _kept);
        events.Publish(new RoundEvent.Recorded(id, profile.Name, comparisons, kind));
    }

    private async Task<bool> RecordAsync(Round round, Action<Profile> record)
    {
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            profiles.RequireOpen();
            profiles.RequireRoomFor(round.Profile, mostProfiles);
            using ProfileCache.Lease lease = profiles.Acquire(round.Profile);
            record(lease.Profile);
            return true;
        }
        catch (Exception e) when (e is StateException or RoundException)
        {
            Interlocked.Increment(ref _lost);
            return false;
        }
        finally
        {
            turn.Release();
        }
    }

    private static float[] Subtract(GivenAnswer kept, GivenAnswer other)
    {
        float[] difference = new float[kept.Features.Length];
        TensorPrimitives.Subtract(kept.Features, other.Features, difference);
        return difference;
    }
}
