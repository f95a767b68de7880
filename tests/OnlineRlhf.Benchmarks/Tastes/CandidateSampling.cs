using System.Diagnostics;
using System.Runtime.InteropServices;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Pipeline;

namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>
/// Draws answers to each everyday request, once: eight plain ones, and a pool of two plain ones and as many under each hint as a round may deal. The
/// simulated
/// people all choose among these.
/// </summary>
internal static class CandidateSampling
{
    internal const int MaxTokens = 80;
    internal const float Temperature = 0.9f;
    private const int PerCall = 10;

    /// <summary>The sets of the file, after those that it lacked were drawn. Every person's requests are split by their place in this list.</summary>
    internal static IReadOnlyList<CandidateSet> Load(string? path, string directory, string? modelPath, int threads, int requests)
    {
        using var source = ModelSource.Open(modelPath);
        using LanguageModel model = LanguageModel.Load(
            new LanguageModelOptions
            {
                ModelPath = source.Path,
                ContextTokens = 512,
                AnswerTokens = MaxTokens,
                Candidates = PerCall,
                Threads = threads,
            }
        );
        Console.WriteLine($"Calibrating the feature map of {model.Name} …");
        var map = new FeatureMap(model.EmbeddingLength, FeatureMap.Calibrate(model), TextStatistics.For("en"));
        path ??= Path.Combine(directory, $"tastes-{model.Fingerprint[..8]}.jsonl");
        Console.WriteLine($"The candidates are kept in {path}.");
        IReadOnlyList<string> hints = model.Hints;
        string?[] pool = [.. new string?[Candidates.PlainInPool], .. hints.SelectMany(h => Enumerable.Repeat(h, HintSelector.MostAlike))];
        if (hints.Count == 0)
            Console.WriteLine($"{model.Name} follows no hints: its hinted sets are plain ones.");
        CandidateFile file = CandidateFile.Open(
            path,
            new CandidateHeader(model.Name, model.Fingerprint, map.Fingerprint, MaxTokens, Temperature, [.. pool.Select(h => h ?? "")])
        );

        string[] wanted = [.. EverydayRequests.All.Take(requests)];
        List<(string Request, bool Hinted)> missing =
        [
            .. wanted.SelectMany(r => new[] { (r, false), (r, true) }).Where(s => !file.Holds(s.r, s.Item2)),
        ];
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < missing.Count; i++)
        {
            (string request, bool hinted) = missing[i];
            uint seed = (uint)((100 * Array.IndexOf(wanted, request)) + (hinted ? 50 : 0));
            List<CachedCandidate> drawn = [];
            foreach (string?[] assigned in (hinted ? pool : new string?[8]).Chunk(PerCall))
            {
                var options = new SamplingOptions
                {
                    Candidates = assigned.Length,
                    MaxTokens = MaxTokens,
                    Temperature = Temperature,
                    Seed = seed++,
                };
                drawn.AddRange(model.Sample([new ChatMessage("user", request)], assigned, options).Select(c => Cache(map, request, c)));
            }
            file.Append(new CandidateSet(request, hinted, [.. drawn.DistinctBy(c => c.Text)]));
            if (i % 10 == 9 || i == missing.Count - 1)
            {
                TimeSpan left = Stopwatch.GetElapsedTime(start) / (i + 1) * (missing.Count - i - 1);
                Console.WriteLine($"  {i + 1} of {missing.Count} sets drawn, {left:m\\:ss} left");
            }
        }
        return [.. file.Sets.Where(s => wanted.Contains(s.Request))];
    }

    private static CachedCandidate Cache(FeatureMap map, string request, Candidate candidate)
    {
        float[] features = new float[map.Dimension];
        map.Map(candidate.Hidden, request, candidate.Text, features);
        return new CachedCandidate(
            candidate.Text,
            candidate.Tokens,
            candidate.Hint,
            Bytes(features.AsSpan(0, map.FirstNamed)),
            Bytes(features.AsSpan(map.FirstNamed))
        );
    }

    private static byte[] Bytes(ReadOnlySpan<float> values) => MemoryMarshal.AsBytes(values).ToArray();
}
