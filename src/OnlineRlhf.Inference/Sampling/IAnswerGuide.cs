namespace OnlineRlhf.Inference.Sampling;

/// <summary>Steers an answer while the model writes it. All calls come from the thread that generates.</summary>
public interface IAnswerGuide
{
    /// <summary>Chooses after the first block.</summary>
    /// <param name="branches">The first blocks of all candidates; at least one.</param>
    FirstChoice ChooseFirst(IReadOnlyList<PartialAnswer> branches);

    /// <summary>Chooses among the continuations of the leader after each later block.</summary>
    /// <param name="branches">At least one.</param>
    int Choose(IReadOnlyList<PartialAnswer> branches);

    /// <summary>
    /// Receives what the answers begin with for certain, of both at once. Each text begins with the one before and ends at a word's end.
    /// </summary>
    /// <param name="leader">The leader's text.</param>
    /// <param name="challenger">The challenger's text; null if there is none.</param>
    void Settled(string leader, string? challenger);

    /// <summary>
    /// Receives the whole leader while the challenger is still to be finished. The model finishes the challenger at half its pace, so that other
    /// programs get their share of the processor.
    /// </summary>
    /// <returns>Ends the generation. What is written until then stays valid.</returns>
    CancellationToken Served(Candidate leader);
}
