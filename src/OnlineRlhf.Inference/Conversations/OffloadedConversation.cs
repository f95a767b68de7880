using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Conversations;

/// <summary>A conversation that is not in the context.</summary>
/// <param name="Owner">Whose it is.</param>
/// <param name="Tokens">Its prompt.</param>
/// <param name="Used">When it was used last, as a timestamp.</param>
/// <param name="State">What the model made of the tokens.</param>
internal sealed record OffloadedConversation(string Owner, int[] Tokens, long Used, SequenceState State) : IDisposable
{
    public void Dispose() => State.Dispose();
}
