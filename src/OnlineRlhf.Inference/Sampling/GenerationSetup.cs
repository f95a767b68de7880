using OnlineRlhf.Inference.Conversations;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>What one generation works with.</summary>
/// <param name="Context">The context that decodes.</param>
/// <param name="Conversations">What the model has read before.</param>
/// <param name="Owner">The owner of the conversation.</param>
/// <param name="Vocabulary">The vocabulary of the model.</param>
/// <param name="Embedding">The width of a hidden state.</param>
/// <param name="Options">How to sample.</param>
/// <param name="Prompt">The conversation.</param>
/// <param name="Hints">The style hint of each candidate, null for none.</param>
/// <param name="Limits">How long thoughts and answers may be.</param>
internal sealed record GenerationSetup(
    DecodingContext Context,
    ConversationCache Conversations,
    string Owner,
    Vocabulary Vocabulary,
    int Embedding,
    SamplingOptions Options,
    Prompt Prompt,
    IReadOnlyList<string?> Hints,
    AnswerLimits Limits
);
