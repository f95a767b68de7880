namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>The sampled candidates by request: for each a plain set, and a pool of hinted answers that rounds are assigned from.</summary>
internal sealed class Candidates
{
    /// <summary>Candidates of a round.</summary>
    internal const int Assigned = 8;

    /// <summary>Plain candidates in a pool: as many as a round assigns.</summary>
    internal const int PlainInPool = 2;

    internal Candidates(IReadOnlyList<CandidateSet> sets)
    {
        // A choice takes two.
        string[] requests =
        [
            .. sets.Where(s => s.Candidates.Count >= 2)
                .GroupBy(s => s.Request)
                .Where(g => g.Count() == 2)
                .Select(g => g.Key)
                .Order(StringComparer.Ordinal),
        ];
        Sets = [.. requests.SelectMany(r => sets.Where(s => s.Request == r).OrderBy(s => s.Hinted))];
        Requests = requests.Length;
        Hints = [.. Sets.Where(s => s.Hinted).SelectMany(s => s.Candidates).Select(c => c.Hint).OfType<string>().Distinct()];
        Plain = [.. Enumerable.Range(0, Requests).Select(r => Set(r, hinted: false))];
    }

    /// <summary>Plain and hinted sets in turn.</summary>
    internal IReadOnlyList<CandidateSet> Sets { get; }

    internal int Requests { get; }

    /// <summary>The hints that answers were drawn under.</summary>
    internal IReadOnlyList<string> Hints { get; }

    /// <summary>The indices of the plain sets.</summary>
    internal IReadOnlyList<int> Plain { get; }

    internal static int Set(int request, bool hinted) => (2 * request) + (hinted ? 1 : 0);

    /// <summary>The text of a request.</summary>
    internal string Request(int request) => Sets[Set(request, hinted: false)].Request;

    /// <summary>The hinted set of a request.</summary>
    internal IReadOnlyList<CachedCandidate> Pool(int request) => Sets[Set(request, hinted: true)].Candidates;

    /// <summary>Candidates of a hinted set, one for each hint that was assigned; fewer where the pool has no more of a hint.</summary>
    internal int[] Assign(int request, string?[] hints, uint seed)
    {
        IReadOnlyList<CachedCandidate> pool = Pool(request);
        List<int> assigned = [];
        foreach (string? hint in hints)
        {
            for (int i = 0; i < pool.Count; i++)
            {
                int c = (int)((seed + (uint)i) % (uint)pool.Count);
                if (pool[c].Hint != hint || assigned.Contains(c))
                    continue;
                assigned.Add(c);
                break;
            }
        }
        return [.. assigned];
    }

    /// <summary>
    /// Measures the mean of each request's plain answers, and the standard deviation of plain answers within a request.
    /// </summary>
    internal Standardisation Standardise(double[][] values)
    {
        double[] means = [.. Enumerable.Range(0, Requests).Select(r => values[Set(r, hinted: false)].Average())];
        double squares = 0;
        int freedom = 0;
        for (int request = 0; request < Requests; request++)
        {
            double[] plain = values[Set(request, hinted: false)];
            squares += plain.Sum(v => (v - means[request]) * (v - means[request]));
            freedom += plain.Length - 1;
        }
        return new Standardisation(means, Math.Sqrt(squares / freedom));
    }

    /// <summary>The value of every candidate, by set.</summary>
    internal double[][] Values(Func<int, string, double> value) =>
        [.. Sets.Select((set, s) => set.Candidates.Select(c => value(s / 2, c.Text)).ToArray())];
}

/// <summary>What turns a value of an answer to a request into standard deviations of plain answers, 0 at the mean of that request's.</summary>
/// <param name="Means">The mean of each request's plain answers.</param>
/// <param name="Deviation">The standard deviation of plain answers within a request.</param>
internal sealed record Standardisation(double[] Means, double Deviation)
{
    internal double Apply(int request, double value) => Deviation > 0 ? (value - Means[request]) / Deviation : 0;
}
