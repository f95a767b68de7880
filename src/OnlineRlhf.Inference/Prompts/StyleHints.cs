namespace OnlineRlhf.Inference.Prompts;

/// <summary>
/// The style hints of a model: short instructions in brackets behind the last user turn, `REQUEST (Use simple words.)`, one per candidate, so
/// that the candidates differ enough to be worth choosing from.
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

    /// <summary>The hints that suit a model: none where it was never taught to follow instructions, as the demo model.</summary>
    public static IReadOnlyList<string> For(string? modelName) =>
        modelName is not null && modelName.StartsWith("Hearth", StringComparison.Ordinal) ? [] : Everyday;

    /// <summary>
    /// Assigns hints to n candidates: two in eight get none, so that the model's own voice is always among them; where there are more hints than
    /// places, the seed decides who is assigned.
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
