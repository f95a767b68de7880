using System.Numerics.Tensors;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Pipeline;
using OnlineRlhf.Rounds.Profiles;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Feedback;

/// <summary>
/// Learns comparisons whose answers a client brings. The model reads both answers as if it had written them: z = φ(chosen) − φ(rejected), and y = 1,
/// or ½ for a tie. After that the comparison is treated like feedback to a round.
/// </summary>
/// <param name="model">The language model, which reads the answers.</param>
/// <param name="queue">The one queue of the model.</param>
/// <param name="profiles">The profiles.</param>
/// <param name="turn">A semaphore, held while the daemon records a comparison or a press: one at a time.</param>
/// <param name="events">Receives an event for each comparison that is recorded.</param>
/// <param name="mostProfiles">How many profiles may be stored.</param>
internal sealed class ComparisonHandler(
    LanguageModel model,
    GenerationQueue queue,
    ProfileCache profiles,
    SemaphoreSlim turn,
    EventHub events,
    int mostProfiles
)
{
    private long _recorded;

    /// <summary>How many comparisons were recorded; repeats do not count.</summary>
    internal long Recorded => Interlocked.Read(ref _recorded);

    internal async Task<FeedbackResult> SubmitAsync(ComparisonRequest request, CancellationToken cancellationToken)
    {
        // Check first: a repeat, or a new profile without room, must not cost a decode.
        if (Known(request) is { } earlier)
            return earlier;
        using (ProfileCache.Lease lease = profiles.Acquire(request.Profile))
            lease.Profile.RequireAtLeast(request.AtLeast);
        (float[] difference, FeatureMap map) = await CompareAsync(request, cancellationToken).ConfigureAwait(false);
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A repeat of this request may have been recorded in the meantime.
            if (Known(request) is { } overtaken)
                return overtaken;
            using ProfileCache.Lease lease = profiles.Acquire(request.Profile);
            long comparisons = lease.Profile.Record(
                ProfileName.ComparisonKey(request.Profile, request.Id),
                map,
                difference,
                request.IsTie ? 0.5 : 1,
                ComparisonKind.Brought,
                request.AtLeast
            );
            Interlocked.Increment(ref _recorded);
            events.Publish(new RoundEvent.Recorded(request.Id, request.Profile, comparisons, ComparisonKind.Brought));
            return new FeedbackResult(request.Id, request.Profile, true, comparisons);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Computes z without learning it, and returns it with the feature map that it was computed with.</summary>
    internal Task<(float[] Difference, FeatureMap Map)> CompareAsync(ComparisonRequest request, CancellationToken cancellationToken) =>
        queue.RunAsync(token => Difference(request, token), cancellationToken);

    /// <summary>Finds the number of a comparison, if the ring still holds it. Otherwise says how many comparisons its profile has recorded.</summary>
    internal FeedbackResult Find(Guid id, string profile)
    {
        using ProfileCache.Lease lease = profiles.Acquire(profile);
        return lease.Profile.Find(ProfileName.ComparisonKey(profile, id)) is { } found
            ? new FeedbackResult(id, profile, true, found.Sequence)
            : new FeedbackResult(id, profile, false, lease.Profile.CountComparisons());
    }

    private FeedbackResult? Known(ComparisonRequest request)
    {
        if (Find(request.Id, request.Profile) is { Recorded: true } known)
            return known;
        profiles.RequireRoomFor(request.Profile, mostProfiles);
        return null;
    }

    private (float[] Difference, FeatureMap Map) Difference(ComparisonRequest request, CancellationToken cancellationToken)
    {
        FeatureMap map;
        using (ProfileCache.Lease lease = profiles.Acquire(request.Profile))
            map = lease.Profile.GetMap();
        IReadOnlyList<HiddenBlocks> hidden = model.Force(request.Messages, [request.Chosen, request.Rejected], cancellationToken);
        float[] chosen = Features(hidden[0], request.Chosen),
            rejected = Features(hidden[1], request.Rejected);
        TensorPrimitives.Subtract(chosen, rejected, chosen);
        return (chosen, map);

        float[] Features(HiddenBlocks blocks, string answer)
        {
            float[] features = new float[map.Dimension];
            map.Map(blocks, request.Messages[^1].Content, answer, features);
            return features;
        }
    }
}
