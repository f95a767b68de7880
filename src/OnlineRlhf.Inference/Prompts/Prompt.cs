namespace OnlineRlhf.Inference.Prompts;

/// <summary>The prompts of one request: a part that all candidates share, and a suffix for each distinct style hint.</summary>
/// <param name="Shared">
/// The prompt up to the end of the user's last message, decoded once. The conversation's next prompt begins with it too, whatever its hints are.
/// </param>
/// <param name="Suffixes">
/// What follows the shared part for each distinct hint, at least one token: the hint, and the beginning of the answer's turn.
/// </param>
/// <param name="Groups">The index of its suffix for each candidate.</param>
internal sealed record Prompt(int[] Shared, int[][] Suffixes, int[] Groups)
{
    /// <summary>The length of the longest prompt, in tokens.</summary>
    internal int Longest => Shared.Length + Suffixes.Max(s => s.Length);
}
