namespace OnlineRlhf.Inference.Prompts;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">One of system, user and assistant.</param>
/// <param name="Content">The text of the turn.</param>
public sealed record ChatMessage(string Role, string Content);
