using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Rounds;

/// <summary>What a first, unseen answer tells of a model: that it answers at all, and how fast.</summary>
/// <param name="Pacing">How much the model may write in time; null where rounds may take any time.</param>
/// <param name="PromptTokens">Tokens of a short request; 0 where rounds may take any time.</param>
internal sealed record WarmUp(Pacing? Pacing, int PromptTokens)
{
    /// <summary>Lets the model write a word. A loop is ready once its model answers, not once the model's file was read.</summary>
    /// <exception cref="InferenceException">The model does not answer.</exception>
    internal static WarmUp Run(LanguageModel model, TimeSpan? timeTarget, CancellationToken cancellationToken)
    {
        TokenizedPrompt prompt = model.Tokenize([new ChatMessage("user", "How do I cook rice for two, and what goes with it?")]);
        model.WarmUp(prompt, cancellationToken);
        return timeTarget is { } target
            ? new WarmUp(new Pacing(model.Measure(cancellationToken), target), model.PromptTokens(prompt))
            : new WarmUp(null, 0);
    }
}
