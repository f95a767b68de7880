using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Benchmarks.Engine;

/// <summary>
/// The batches that a sampling run decoded, built anew from its prompt and its tokens: what was new of the shared prefix, all suffixes, then a step
/// per
/// token of the candidates that still run. Replaying them is all that the decoding of that run can cost.
/// </summary>
internal sealed class TokenSteps(Prompt prompt, IReadOnlyList<Candidate> candidates)
{
    private const int Shared = 0;

    /// <summary>Tokens of all batches, the prompt's and each suffix's once.</summary>
    internal long Tokens => prompt.Shared.Length + prompt.Suffixes.Sum(s => s.Length) + candidates.Sum(c => c.TokenIds.Count);

    /// <summary>Decodes the beginning of the prompt that the engine knew.</summary>
    internal void Prepare(DecodingContext context, int known)
    {
        context.Clear();
        Prefill(context, [(prompt.Shared[..known], 0, Shared)], outputLast: false);
    }

    /// <summary>Decodes all that comes behind, and nothing else.</summary>
    internal void Replay(DecodingContext context, int known)
    {
        Prefill(context, [(prompt.Shared[known..], known, Shared)], outputLast: false);
        for (int g = 0; g < prompt.Suffixes.Length; g++)
            context.CopySequence(Shared, 1 + g);
        Prefill(context, [.. prompt.Suffixes.Select((suffix, g) => (suffix, prompt.Shared.Length, 1 + g))], outputLast: true);
        int first = 1 + prompt.Suffixes.Length;
        for (int i = 0; i < candidates.Count; i++)
            context.CopySequence(1 + prompt.Groups[i], first + i);
        int longest = candidates.Max(c => c.TokenIds.Count);
        for (int step = 0; step < longest; step++)
        {
            context.Batch.Clear();
            for (int i = 0; i < candidates.Count; i++)
            {
                IReadOnlyList<int> tokens = candidates[i].TokenIds;
                if (step < tokens.Count)
                    context.Batch.Add(tokens[step], prompt.Shared.Length + prompt.Suffixes[prompt.Groups[i]].Length + step, first + i, output: true);
            }
            context.Decode(CancellationToken.None);
            for (int i = 0; i < candidates.Count; i++)
            {
                if (candidates[i].TokenIds.Count == step + 1)
                    context.RemoveSequence(first + i);
            }
        }
    }

    private static void Prefill(DecodingContext context, (int[] Tokens, int Position, int Sequence)[] parts, bool outputLast)
    {
        context.Batch.Clear();
        foreach ((int[] tokens, int position, int sequence) in parts)
        {
            for (int at = 0; at < tokens.Length; at++)
            {
                if (context.Batch.Count == context.Batch.Capacity)
                    Flush();
                context.Batch.Add(tokens[at], position + at, sequence, outputLast && at == tokens.Length - 1);
            }
        }
        Flush();

        void Flush()
        {
            if (context.Batch.Count > 0)
                context.Decode(CancellationToken.None);
            context.Batch.Clear();
        }
    }
}
