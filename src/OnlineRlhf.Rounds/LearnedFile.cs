namespace OnlineRlhf.Rounds;

/// <summary>What a profile knows of a data set.</summary>
/// <param name="Profile">The profile.</param>
/// <param name="Digest">The data set.</param>
/// <param name="State">Names the profile's state, so that a deleted one is told from its successor; null before a data set was noted in it.</param>
/// <param name="Runs">How often the data set was learned to its end.</param>
/// <param name="Comparisons">How many comparisons the profile holds.</param>
/// <param name="LastLine">The last line whose comparison the ring holds, of the run that was looked for; 0 for none.</param>
/// <param name="LastComparison">Its number; 0 for none.</param>
public sealed record LearnedFile(string Profile, UInt128 Digest, Guid? State, int Runs, long Comparisons, long LastLine, long LastComparison);
