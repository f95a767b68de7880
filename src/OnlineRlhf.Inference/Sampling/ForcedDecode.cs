using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>Decodes given answers after one prompt, and collects the hidden states that the model has while it reads them.</summary>
internal sealed class ForcedDecode(DecodingContext context, int embedding, Prompt prompt, int limit, string moreContext)
{
    private const int PromptSequence = 0,
        AnswerSequence = 1;

    internal List<HiddenBlocks> Run(IReadOnlyList<IReadOnlyList<int>> answers, CancellationToken cancellationToken)
    {
        int[] tokens = [.. prompt.Shared, .. prompt.Suffixes[0]];
        int longest = tokens.Length + answers.Max(a => a.Count);
        if (longest > limit)
            throw new InferenceException(
                InferenceError.PromptTooLong,
                $"Prompt and answer take {longest} tokens and the context holds {limit}: shorten them{moreContext}."
            );
        context.Clear();
        Decode(tokens, 0, PromptSequence, hidden: null, cancellationToken);
        List<HiddenBlocks> blocks = [];
        foreach (IReadOnlyList<int> answer in answers)
        {
            context.CopySequence(PromptSequence, AnswerSequence);
            var hidden = new HiddenBlocks(embedding);
            Decode(answer, tokens.Length, AnswerSequence, hidden, cancellationToken);
            if (!hidden.IsFinite)
                throw context.NotFinite();
            blocks.Add(hidden);
        }
        return blocks;
    }

    private void Decode(IReadOnlyList<int> tokens, int position, int sequence, HiddenBlocks? hidden, CancellationToken cancellationToken)
    {
        int chunk = hidden is null ? context.Batch.Capacity : DecodingContext.OutputRows;
        for (int at = 0; at < tokens.Count; )
        {
            context.Batch.Clear();
            for (; at < tokens.Count && context.Batch.Count < chunk; at++)
                context.Batch.Add(tokens[at], position + at, sequence, output: hidden is not null);
            context.Decode(cancellationToken);
            for (int row = 0; hidden is not null && row < context.Batch.Outputs; row++)
                hidden.Add(context.Hidden(row));
        }
    }
}
