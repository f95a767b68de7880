namespace OnlineRlhf.Rounds;

/// <summary>What became of a feedback.</summary>
/// <param name="Id">The round.</param>
/// <param name="Profile">Its profile.</param>
/// <param name="Learned">Whether it was learned: true also where the same feedback had been learned before; false for skip.</param>
/// <param name="Comparisons">Comparisons that the profile had learned with this one.</param>
public sealed record FeedbackResult(Guid Id, string Profile, bool Learned, long Comparisons);
