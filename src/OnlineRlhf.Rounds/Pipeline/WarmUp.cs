using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>What a first answer, which nobody sees, shows about a model: that it answers, and how fast.</summary>
/// <param name="Pacing">How much the model can write in time; null if rounds have no time limit.</param>
/// <param name="PromptTokens">How many tokens a short request has; 0 if rounds have no time limit.</param>
internal sealed record WarmUp(Pacing? Pacing, int PromptTokens)
{
    /// <summary>Lets the model write a word. A loop is ready when its model answers, not when the model's file has been read.</summary>
    /// <exception cref="InferenceException">The model does not answer.</exception>
    internal static WarmUp Run(LanguageModel model, RoundOptions options, CancellationToken cancellationToken)
    {
        TokenizedPrompt prompt = model.Tokenize([new ChatMessage("user", "How do I cook rice for two, and what goes with it?")]);
        model.WarmUp(prompt, cancellationToken);
        return options.TimeTarget is not null || (options.Steering is not null && options.FirstWordTarget is not null)
            ? new WarmUp(new Pacing(model.Measure(cancellationToken), options.TimeTarget, options.FirstWordTarget), model.PromptTokens(prompt))
            : new WarmUp(null, 0);
    }
}
