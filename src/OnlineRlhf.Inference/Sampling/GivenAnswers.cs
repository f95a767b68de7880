using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>Has a model read answers that it did not write.</summary>
public static class GivenAnswers
{
    /// <summary>
    /// Computes the hidden states of given answers to one conversation, as if the model had written them. The prompt is decoded once for all answers.
    /// The states of an answer are the same bit for bit, whatever was decoded before, and whichever other answers are given.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="messages">The conversation.</param>
    /// <param name="answers">The answers.</param>
    /// <param name="cancellationToken">Checked between steps.</param>
    /// <exception cref="InferenceException">The prompt and an answer are longer than the context, or a decode failed.</exception>
    public static IReadOnlyList<HiddenBlocks> Force(
        this LanguageModel model,
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<string> answers,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(messages);
        ArgumentNullException.ThrowIfNull(answers);
        return model.Runner.Run(loaded => Read(loaded, messages, [.. answers.Select(loaded.Closed)], null, cancellationToken));
    }

    /// <summary>The same, with each answer once whole and once cut in its middle.</summary>
    internal static IReadOnlyList<HiddenBlocks> ForceWholeAndCut(
        this LanguageModel model,
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<string> answers,
        CancellationToken cancellationToken
    ) =>
        model.Runner.Run(loaded =>
        {
            int[][] whole = [.. answers.Select(loaded.Closed)];
            return Read(loaded, messages, [.. whole, .. whole.Select(tokens => tokens[..((tokens.Length + 1) / 2)])], null, cancellationToken);
        });

    internal static IReadOnlyList<HiddenBlocks> Force(
        this LanguageModel model,
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<IReadOnlyList<int>> answers,
        CancellationToken cancellationToken,
        string? hint = null
    ) => model.Runner.Run(loaded => Read(loaded, messages, answers, hint, cancellationToken));

    private static List<HiddenBlocks> Read(
        LoadedModel model,
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<IReadOnlyList<int>> answers,
        string? hint,
        CancellationToken cancellationToken
    )
    {
        model.Conversations.Offload();
        Prompt prompt = model.BuildAnswerPrompt(messages, hint);
        return new ForcedDecode(model.Context, model.EmbeddingLength, prompt, limit: model.ContextTokens, model.MoreContext).Run(
            answers,
            cancellationToken
        );
    }
}
