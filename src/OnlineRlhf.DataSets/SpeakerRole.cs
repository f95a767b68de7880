namespace OnlineRlhf.DataSets;

/// <summary>Names that data sets give to who speaks.</summary>
internal static class SpeakerRole
{
    /// <summary>system, user or assistant; null for anybody else, such as a tool.</summary>
    internal static string? Of(string name) =>
        name.Trim().ToUpperInvariant() switch
        {
            "SYSTEM" or "DEVELOPER" => "system",
            "USER" or "HUMAN" or "PROMPTER" => "user",
            "ASSISTANT" or "GPT" or "CHATGPT" or "MODEL" or "BOT" or "AI" => "assistant",
            _ => null,
        };
}
