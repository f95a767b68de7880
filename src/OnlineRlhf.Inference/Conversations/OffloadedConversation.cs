using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Conversations;

/// <summary>A conversation that was copied out of the context.</summary>
/// <param name="Owner">The owner of the conversation.</param>
/// <param name="Tokens">The tokens of its prompt.</param>
/// <param name="Used">When it was used last, as a timestamp.</param>
/// <param name="State">The model's memory of the tokens.</param>
internal sealed record OffloadedConversation(string Owner, int[] Tokens, long Used, SequenceState State) : IDisposable
{
    public void Dispose() => State.Dispose();
}
