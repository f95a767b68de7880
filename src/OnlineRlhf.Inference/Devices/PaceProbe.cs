using System.Diagnostics;
using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Devices;

/// <summary>A short decode like that of a round: a prompt, then steps of several candidates. It costs two prompts and about ten steps.</summary>
internal sealed class PaceProbe(DecodingContext context, int[] prompt, int endOfTurn, int candidates, CancellationToken cancellationToken)
{
    // The first decode of each kind also pays for one-time work, such as buffers and a GPU's programs. So it is not counted.
    private const int Count = 3;

    // A small model is measured for this many seconds. Other programs can only slow a step down, so more passes come closer to the true pace.
    private const double Quick = .15;

    internal DecodingPace Run()
    {
        _ = Prompt();
        double token = Prompt() / prompt.Length;
        int few = Math.Max(1, candidates / 2);
        double many = Median(Steps(candidates)),
            less = few == candidates ? many : Median(Steps(few));
        double perCandidate = few == candidates ? 0 : Math.Max(0, (many - less) / (candidates - few));
        context.Clear();
        return new DecodingPace(token, Math.Max(many - (candidates * perCandidate), 1e-9), perCandidate);
    }

    /// <summary>
    /// Measures the prompt and steps of all candidates, and takes the fastest of several passes if they are short. Costs at least one pass.
    /// </summary>
    internal RoundPace RunRound()
    {
        double tokens = 0,
            promptTokens = 0;
        long start = Stopwatch.GetTimestamp();
        do
        {
            promptTokens = Math.Max(promptTokens, prompt.Length / Prompt());
            tokens = Math.Max(tokens, candidates / Steps(candidates).Min());
        } while (Stopwatch.GetElapsedTime(start).TotalSeconds < Quick);
        context.Clear();
        return new RoundPace(tokens, promptTokens);
    }

    /// <summary>Decodes the prompt once.</summary>
    /// <exception cref="InferenceException">The output is not a finite number.</exception>
    internal void Check()
    {
        _ = Prompt();
        context.Clear();
    }

    private double Prompt()
    {
        context.Clear();
        context.Batch.Clear();
        for (int i = 0; i < prompt.Length; i++)
            context.Batch.Add(prompt[i], i, 0, output: i == prompt.Length - 1);
        return Decode();
    }

    private static double Median(double[] seconds) => seconds.Order().ElementAt(seconds.Length / 2);

    /// <summary>The seconds that each of a few steps takes.</summary>
    private double[] Steps(int width)
    {
        for (int c = 1; c <= width; c++)
            context.CopySequence(0, c);
        double[] seconds = new double[Count + 1];
        for (int s = 0; s <= Count; s++)
        {
            context.Batch.Clear();
            for (int c = 1; c <= width; c++)
                context.Batch.Add(prompt[^1], prompt.Length + s, c, output: true);
            seconds[s] = Decode();
        }
        return seconds[1..];
    }

    private double Decode()
    {
        long start = Stopwatch.GetTimestamp();
        context.Decode(cancellationToken);
        // A GPU still computes after the call returns. Reading the output waits for it.
        _ = context.Logits(context.Batch.Count - 1)[0];
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        context.RequireFinite(endOfTurn);
        return seconds;
    }
}
