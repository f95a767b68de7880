namespace OnlineRlhf.Inference.Prompts;

/// <summary>The prompts of one request: what all candidates share, and what follows it under each distinct style hint.</summary>
/// <param name="Shared">
/// All up to the end of the last user's text, decoded once. The conversation's next prompt begins with it too, whatever its hints.
/// </param>
/// <param name="Suffixes">What follows it, at least one token, per distinct hint: the hint, and the beginning of the answer's turn.</param>
/// <param name="Groups">For each candidate the index of its suffix.</param>
internal sealed record Prompt(int[] Shared, int[][] Suffixes, int[] Groups)
{
    /// <summary>Tokens of the longest of the prompts.</summary>
    internal int Longest => Shared.Length + Suffixes.Max(s => s.Length);
}
