namespace OnlineRlhf.DataSets;

/// <summary>The names that data sets give to speakers.</summary>
internal static class SpeakerRole
{
    /// <summary>The role of a speaker: system, user or assistant; null for others, such as a tool.</summary>
    internal static string? Of(string name) =>
        name.Trim().ToUpperInvariant() switch
        {
            "SYSTEM" or "DEVELOPER" => "system",
            "USER" or "HUMAN" or "PROMPTER" => "user",
            "ASSISTANT" or "GPT" or "CHATGPT" or "MODEL" or "BOT" or "AI" => "assistant",
            _ => null,
        };
}
