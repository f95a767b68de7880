using System.Numerics.Tensors;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Rounds.Profiles;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds;

/// <summary>
/// Learns comparisons whose answers a client brings: the model reads both as if it had written them, z = φ(chosen) − φ(rejected), y = 1, or ½ for
/// a tie; from there on they are feedback like any other.
/// </summary>
/// <param name="model">Reads the answers.</param>
/// <param name="queue">The model's one queue.</param>
/// <param name="profiles">The profiles.</param>
/// <param name="turn">Held while something is learned: one at a time, with the presses.</param>
/// <param name="events">Told what was recorded.</param>
/// <param name="mostProfiles">Profiles that may be stored.</param>
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

    /// <summary>Comparisons that were recorded; repeats do not count.</summary>
    internal long Recorded => Interlocked.Read(ref _recorded);

    internal async Task<FeedbackResult> LearnAsync(ComparisonRequest request, CancellationToken cancellationToken)
    {
        // What is known already, or finds no room, costs the model nothing.
        if (Known(request) is { } earlier)
            return earlier;
        using (ProfileCache.Lease lease = profiles.Acquire(request.Profile))
            lease.Profile.RequireAtLeast(request.AtLeast);
        (float[] difference, FeatureMap map) = await CompareAsync(request, cancellationToken).ConfigureAwait(false);
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A repeat may have overtaken it.
            if (Known(request) is { } overtaken)
                return overtaken;
            using ProfileCache.Lease lease = profiles.Acquire(request.Profile);
            long comparisons = lease.Profile.Learn(
                ProfileName.ComparisonKey(request.Profile, request.Id),
                map,
                difference,
                request.IsTie ? 0.5 : 1,
                request.AtLeast
            );
            Interlocked.Increment(ref _recorded);
            events.Publish(new RoundEvent.Recorded(request.Id, request.Profile, comparisons));
            return new FeedbackResult(request.Id, request.Profile, true, comparisons);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>z, and the φ that it is computed with, without learning it.</summary>
    internal Task<(float[] Difference, FeatureMap Map)> CompareAsync(ComparisonRequest request, CancellationToken cancellationToken) =>
        queue.RunAsync(token => Difference(request, token), cancellationToken);

    /// <summary>The number of a comparison, where the ring holds it; else how many its profile has learned.</summary>
    internal FeedbackResult Find(Guid id, string profile)
    {
        using ProfileCache.Lease lease = profiles.Acquire(profile);
        return lease.Profile.Find(ProfileName.ComparisonKey(profile, id)) is { } found
            ? new FeedbackResult(id, profile, true, found.Sequence)
            : new FeedbackResult(id, profile, false, lease.Profile.Comparisons);
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
            map = lease.Profile.Map;
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
