namespace OnlineRlhf.Rounds;

/// <summary>An answer that a round shows.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Tokens">Its length in tokens, including the closing one.</param>
public sealed record ShownAnswer(string Text, int Tokens);
