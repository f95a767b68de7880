namespace OnlineRlhf.Rounds;

/// <summary>What became of a feedback.</summary>
/// <param name="Id">The round.</param>
/// <param name="Profile">Its profile.</param>
/// <param name="Recorded">Whether it is durable: true also where the same feedback had been recorded before; false for skip.</param>
/// <param name="Comparisons">Comparisons that the profile had recorded with this one.</param>
public sealed record FeedbackResult(Guid Id, string Profile, bool Recorded, long Comparisons);
