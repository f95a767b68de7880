namespace OnlineRlhf.Rounds.Feedback;

/// <summary>How far a profile has learned a data set.</summary>
/// <param name="Profile">The profile.</param>
/// <param name="Digest">The digest of the data set.</param>
/// <param name="State">
/// Names the profile's state. It distinguishes a deleted state from its successor. Null before the first data set is recorded in the state.
/// </param>
/// <param name="Runs">How often the profile has learned the whole data set.</param>
/// <param name="Comparisons">How many comparisons the profile holds.</param>
/// <param name="LastLine">The last line of the requested run whose comparison the ring holds; 0 for none.</param>
/// <param name="LastComparison">The number of that comparison; 0 for none.</param>
public sealed record LearnedFile(string Profile, UInt128 Digest, Guid? State, int Runs, long Comparisons, long LastLine, long LastComparison);
