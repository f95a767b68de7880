using OnlineRlhf.Rounds.Profiles;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Feedback;

/// <summary>Finds and records which data sets profiles have learned, and how far.</summary>
public sealed class LearnedFileHandler
{
    private readonly ProfileCache _profiles;

    internal LearnedFileHandler(ProfileCache profiles) => _profiles = profiles;

    /// <summary>Finds how often a profile has learned a whole data set, and how far a run has come according to the ring.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="digest">The digest of the data set.</param>
    /// <param name="run">The run to look for in the ring; null means the run after those that were completed.</param>
    /// <param name="lines">How many lines the data set has; 0 looks for none.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    /// <exception cref="RoundException">The profile's name is invalid.</exception>
    /// <exception cref="StateException">The profile's state cannot be read.</exception>
    public LearnedFile Find(string profile, UInt128 digest, int? run = null, long lines = 0, CancellationToken cancellationToken = default)
    {
        RoundRequest.RequireName(profile);
        using ProfileCache.Lease lease = _profiles.Acquire(profile);
        (int runs, Guid? state) = lease.Profile.FindFile(digest);
        var file = new LearnedFile(profile, digest, state, runs, lease.Profile.CountComparisons(), 0, 0);
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

    /// <summary>Records how often a profile has learned a whole data set. With 0 runs this only gives the state a name.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="digest">The digest of the data set.</param>
    /// <param name="runs">How often the profile has learned it.</param>
    /// <param name="state">The state that learned it; null accepts any state.</param>
    /// <param name="atLeast">How many comparisons that state must hold.</param>
    /// <exception cref="RoundException">The profile's name is invalid, the profile has learned nothing, or it has another state.</exception>
    /// <exception cref="StateException">The record could not be made durable.</exception>
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
