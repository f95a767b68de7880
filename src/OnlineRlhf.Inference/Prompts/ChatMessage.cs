namespace OnlineRlhf.Inference.Prompts;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">One of system, user, assistant and tool.</param>
/// <param name="Content">The text of the turn.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>The role of what a tool returned. No template of llama.cpp has a turn for it, so the model reads it as a system message.</summary>
    public const string Tool = "tool";
}
