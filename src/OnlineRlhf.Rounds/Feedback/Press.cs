namespace OnlineRlhf.Rounds.Feedback;

/// <summary>What came of a press.</summary>
/// <param name="Outcome">Whether it counted, or why not.</param>
/// <param name="Result">What was recorded; null if it did not count.</param>
public readonly record struct Press(PressOutcome Outcome, FeedbackResult? Result);
