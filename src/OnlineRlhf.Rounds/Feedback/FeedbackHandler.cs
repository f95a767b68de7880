using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Pipeline;
using OnlineRlhf.Rounds.Profiles;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Feedback;

/// <summary>Takes people's answers to rounds. Each answer counts once, however often a client sends it.</summary>
/// <param name="registry">The open rounds.</param>
/// <param name="profiles">The profiles.</param>
/// <param name="turn">A semaphore, held while an answer is recorded. A retry that overtakes its original waits for it here.</param>
/// <param name="events">Receives an event for each comparison that is recorded.</param>
/// <param name="mostProfiles">How many profiles may be stored.</param>
internal sealed class FeedbackHandler(RoundRegistry registry, ProfileCache profiles, SemaphoreSlim turn, EventHub events, int mostProfiles)
{
    private readonly long[] _answers = new long[Enum.GetValues<Preferred>().Length];

    /// <summary>How many rounds got this answer; repeats do not count.</summary>
    internal long Answered(Preferred preferred) => Interlocked.Read(ref _answers[(int)preferred]);

    internal async Task<FeedbackResult> GiveAsync(Guid id, Preferred preferred, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            profiles.RequireOpen();
            if (registry.Find(id) is not { } round)
                return Recall(id, preferred);
            if (!round.Asked)
                throw new RoundException(RoundError.NothingAsked, "This round served one answer and asked nothing.");
            using ProfileCache.Lease lease = profiles.Acquire(round.Profile);
            // An earlier try may have failed after the comparison became durable. Then that comparison counts.
            RecordedComparison? durable = lease.Profile.Find(id);
            FeedbackResult result = durable is { } earlier ? Confirm(earlier, round.Profile, preferred) : Take(round, lease.Profile, preferred);
            registry.Answer(round, preferred, result);
            _ = Interlocked.Increment(ref _answers[(int)preferred]);
            if (result.Recorded && durable is null)
                events.Publish(new RoundEvent.Recorded(id, round.Profile, result.Comparisons));
            return result;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Takes a press of a button, and returns its outcome.</summary>
    internal async Task<Press> PressAsync(Preferred preferred, long began, string? profile)
    {
        (Round? round, PressOutcome? refusal) = registry.ForPress(began, profile);
        PressOutcome outcome = refusal ?? PressOutcome.Refused;
        FeedbackResult? result = null;
        try
        {
            if (round is not null && refusal is null)
            {
                result = await GiveAsync(round.Id, preferred, CancellationToken.None).ConfigureAwait(false);
                outcome = PressOutcome.Counted;
            }
        }
        catch (RoundException)
        {
            // The round was answered by another client, or expired, after the registry returned it.
        }
        finally
        {
            events.Publish(new RoundEvent.Pressed([preferred], outcome, round?.Id));
        }
        return new Press(outcome, result);
    }

    private static double Label(Preferred preferred) =>
        preferred switch
        {
            Preferred.First => 1,
            Preferred.Second => 0,
            Preferred.Tie => 0.5,
            Preferred.Skip => throw new ArgumentOutOfRangeException(nameof(preferred), "A skip says nothing of the two answers."),
        };

    /// <summary>Makes a new answer durable. A skip stores nothing.</summary>
    private FeedbackResult Take(Round round, Profile profile, Preferred preferred)
    {
        if (preferred == Preferred.Skip)
            return new FeedbackResult(round.Id, round.Profile, false, profile.CountComparisons());
        profiles.RequireRoomFor(round.Profile, mostProfiles);
        return new FeedbackResult(
            round.Id,
            round.Profile,
            true,
            profile.Record(round.Id, round.Map, round.Difference, Label(preferred), ComparisonKind.Press)
        );
    }

    /// <summary>Answers feedback to a round that is no longer open: from memory, or else from its comparison in the profile's ring.</summary>
    private FeedbackResult Recall(Guid id, Preferred preferred)
    {
        if (registry.HowItEnded(id) is { } ending)
        {
            if (ending.Error is { } error)
                throw new RoundException(
                    error,
                    error == RoundError.Expired ? "The round's lifetime is over." : "A newer round of the profile or conversation took its place."
                );
            return ending.Preferred == preferred ? ending.Result! : throw OtherAnswer();
        }
        foreach (string name in profiles.Stored.Where(p => ProfileName.MayBelongTo(id, p)))
        {
            using ProfileCache.Lease lease = profiles.Acquire(name);
            if (lease.Profile.Find(id) is { } found)
                return Confirm(found, name, preferred);
        }
        throw new RoundException(RoundError.Unknown, "No such round: it was never opened, was skipped, or is long over.");
    }

    private static FeedbackResult Confirm(RecordedComparison found, string profile, Preferred preferred) =>
        preferred != Preferred.Skip && found.Label == Label(preferred)
            ? new FeedbackResult(found.RoundId, profile, true, found.Sequence)
            : throw OtherAnswer();

    private static RoundException OtherAnswer() =>
        new(RoundError.OtherAnswer, "Another answer was given to this round already; the first one counts.");
}
