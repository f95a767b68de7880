namespace OnlineRlhf.Rounds;

/// <summary>An answer that a round shows.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Tokens">Its length in tokens, including the closing one.</param>
/// <param name="Complete">Whether the model ended it; false if it was cut at a limit.</param>
public sealed record ShownAnswer(string Text, int Tokens, bool Complete);
