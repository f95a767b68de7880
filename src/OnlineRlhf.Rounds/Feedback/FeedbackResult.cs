namespace OnlineRlhf.Rounds.Feedback;

/// <summary>The result of feedback to a round.</summary>
/// <param name="Id">The id of the round, or of the comparison that a client submitted.</param>
/// <param name="Profile">Its profile.</param>
/// <param name="Recorded">Whether the comparison is on the disk: also true if it was recorded before; false for a skip.</param>
/// <param name="Comparisons">The number of this comparison among those of its profile, or how many the profile holds if nothing was recorded.</param>
public sealed record FeedbackResult(Guid Id, string Profile, bool Recorded, long Comparisons);
