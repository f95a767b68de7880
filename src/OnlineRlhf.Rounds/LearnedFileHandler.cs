using OnlineRlhf.Rounds.Profiles;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds;

/// <summary>Which data sets profiles have learned, and how far.</summary>
public sealed class LearnedFileHandler
{
    private readonly ProfileCache _profiles;

    internal LearnedFileHandler(ProfileCache profiles) => _profiles = profiles;

    /// <summary>What a profile knows of a data set: how often it learned it to its end, and how far a run came as the ring tells.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="digest">The data set.</param>
    /// <param name="run">Which run is looked for in the ring; null takes the one after those that came to the end.</param>
    /// <param name="lines">How many lines the data set has: so many are looked for; 0 looks for none.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="RoundException">The profile's name is none.</exception>
    /// <exception cref="StateException">The profile's state cannot be read.</exception>
    public LearnedFile Find(string profile, UInt128 digest, int? run = null, long lines = 0, CancellationToken cancellationToken = default)
    {
        RoundRequest.RequireName(profile);
        using ProfileCache.Lease lease = _profiles.Acquire(profile);
        (int runs, Guid? state) = lease.Profile.FindFile(digest);
        var file = new LearnedFile(profile, digest, state, runs, lease.Profile.Comparisons, 0, 0);
        IReadOnlyDictionary<Guid, RecordedComparison> recorded = lease.Profile.Recorded();
        for (long line = recorded.Count > 0 ? lines : 0; line > 0; line--)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Guid key = ProfileName.ComparisonKey(profile, ComparisonId.Of(digest, profile, line, run ?? runs));
            if (recorded.TryGetValue(key, out RecordedComparison found))
                return file with { LastLine = line, LastComparison = found.Sequence };
        }
        return file;
    }

    /// <summary>Notes that a profile has learned a data set to its end so often; with 0 runs nothing but the state gets a name.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="digest">The data set.</param>
    /// <param name="runs">How often.</param>
    /// <param name="state">The state that learned it; null takes any.</param>
    /// <param name="atLeast">How many comparisons that state must hold.</param>
    /// <exception cref="RoundException">The profile's name is none, it has learned nothing, or its state is another one.</exception>
    /// <exception cref="StateException">It could not be made durable.</exception>
    public LearnedFile Record(string profile, UInt128 digest, int runs, Guid? state = null, long atLeast = 0)
    {
        RoundRequest.RequireName(profile);
        using (ProfileCache.Lease lease = _profiles.Acquire(profile))
        {
            if (!lease.Profile.RecordFile(digest, runs, state, atLeast))
                throw new RoundException(RoundError.NothingLearned, $"Profile {profile} has learned nothing: there is no state to note a file in.");
        }
        return Find(profile, digest);
    }
}
