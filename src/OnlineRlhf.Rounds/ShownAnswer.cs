namespace OnlineRlhf.Rounds;

/// <summary>An answer as it is shown.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Tokens">Its length in tokens, the closing one included.</param>
public sealed record ShownAnswer(string Text, int Tokens);
