namespace OnlineRlhf.Inference.Prompts;

/// <summary>
/// The style hints of a model. A hint is a short instruction in brackets after the user's last message, such as `REQUEST (Use simple words.)`. Each
/// candidate gets its own, so that the candidates differ enough to be worth choosing from.
/// </summary>
public static class StyleHints
{
    private static readonly string[] Everyday =
    [
        "Answer in one short sentence.",
        "Answer as a bulleted list.",
        "Be warm and friendly.",
        "Use simple words.",
        "Explain step by step with details.",
        "Give a numbered list of steps.",
    ];

    /// <summary>
    /// The hints that suit a model. There are none for a model that was never taught to follow instructions, such as the demo model.
    /// </summary>
    public static IReadOnlyList<string> For(string? modelName) =>
        modelName is not null && modelName.StartsWith("Hearth", StringComparison.Ordinal) ? [] : Everyday;

    /// <summary>
    /// Assigns hints to candidates. Two of eight get none, so that the model's own voice is always among them. If there are more hints than places,
    /// the seed decides which hints are used.
    /// </summary>
    public static string?[] Assign(IReadOnlyList<string> hints, int candidates, uint seed)
    {
        ArgumentNullException.ThrowIfNull(hints);
        string?[] assigned = new string?[candidates];
        if (hints.Count == 0)
            return assigned;
        int plain = (candidates + 3) / 4;
        for (int i = plain; i < candidates; i++)
            assigned[i] = hints[(int)((seed + (uint)(i - plain)) % (uint)hints.Count)];
        return assigned;
    }
}
