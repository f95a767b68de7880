namespace OnlineRlhf.Inference.Features;

/// <summary>
/// The fixed texts that measure the scales of a model's hidden blocks. They are decoded once for each model, and are the same on every machine.
/// </summary>
internal static class CalibrationSet
{
    /// <summary>A dozen everyday requests in English, each with five answers in different styles.</summary>
    internal static IReadOnlyList<CalibrationRequest> Default { get; } =
        Parse(
            Resources.Lines("Calibration/everyday.txt")
                ?? throw new InvalidOperationException("Calibration/everyday.txt is not embedded in this assembly: build it again.")
        );

    /// <summary>
    /// Reads a set: "# request", followed by its answers as "- answer", one on each line. A line break in an answer is written \n. Empty lines
    /// are ignored.
    /// </summary>
    /// <param name="lines">The lines of the file.</param>
    /// <exception cref="InvalidDataException">A line is neither a request nor an answer, or a request has fewer than two answers.</exception>
    internal static IReadOnlyList<CalibrationRequest> Parse(IEnumerable<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        List<(string Request, List<string> Answers)> set = [];
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            if (line.StartsWith("# ", StringComparison.Ordinal))
                set.Add((line[2..], []));
            else if (line.StartsWith("- ", StringComparison.Ordinal) && set.Count > 0)
                set[^1].Answers.Add(line[2..].Replace("\\n", "\n", StringComparison.Ordinal));
            else if (!string.IsNullOrWhiteSpace(line))
                throw new InvalidDataException($"Line {number} of the calibration set is neither \"# request\" nor \"- answer\" below one.");
        }
        foreach ((string request, List<string> answers) in set)
            if (answers.Count < 2)
                throw new InvalidDataException(
                    $"The request \"{request}\" of the calibration set has {answers.Count} answers: a deviation needs two."
                );
        return [.. set.Select(entry => new CalibrationRequest(entry.Request, entry.Answers))];
    }
}
