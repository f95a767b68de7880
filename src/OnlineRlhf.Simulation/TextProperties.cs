namespace OnlineRlhf.Simulation;

/// <summary>
/// Properties of an answer's text that simulated people like or dislike. They are computed from the text alone, and share no code with the features
/// that the learner uses.
/// </summary>
internal static class TextProperties
{
    /// <summary>The properties of random tastes: the usual weight in log odds, and the words for liking and for disliking them.</summary>
    internal static IReadOnlyDictionary<string, (double Weight, string Liked, string Disliked)> Liked { get; } =
        new Dictionary<string, (double, string, string)>
        {
            ["log words"] = (2.6, "long answers", "short answers"),
            ["list"] = (3, "lists", "no lists"),
            ["exclamations"] = (1.6, "exclamation marks", "no exclamation marks"),
            ["question"] = (3, "a question at the end", "no question at the end"),
            ["friendly"] = (3, "a cheerful tone", "no cheerful phrases"),
            ["formal"] = (3, "a formal tone", "no formal phrases"),
        };

    /// <summary>Computes the value of a property.</summary>
    /// <exception cref="ArgumentException">No property has that name.</exception>
    internal static double Value(string property, string answer, IReadOnlyDictionary<string, string[]> phrases)
    {
        ArgumentNullException.ThrowIfNull(answer);
        ArgumentNullException.ThrowIfNull(phrases);
        return property switch
        {
            "log words" => Math.Log(1 + answer.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length),
            "list" => answer.Split('\n').Any(line => line.TrimStart().StartsWith("- ", StringComparison.Ordinal)) ? 1 : 0,
            "exclamations" => Math.Min(3, answer.AsSpan().Count('!')),
            "question" => answer.TrimEnd().EndsWith('?') ? 1 : 0,
            _ when phrases.TryGetValue(property, out string[]? marks) => Math.Min(
                1,
                marks.Count(m => answer.Contains(m, StringComparison.OrdinalIgnoreCase))
            ),
            _ => throw new ArgumentException($"There is no property named {property}.", nameof(property)),
        };
    }
}
