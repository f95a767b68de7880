using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Benchmarks.Engine;

/// <summary>How many tokens a sampling run has drawn in all, those of duplicates that were drawn anew too.</summary>
internal sealed class LastProgress : IProgress<SamplingProgress>
{
    internal int Tokens { get; private set; }

    public void Report(SamplingProgress value) => Tokens = value.Tokens;
}
