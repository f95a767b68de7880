using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Simulation;

/// <summary>How good the served answers are among their candidates, according to one taste.</summary>
/// <param name="Served">The mean percentile of the served answer: 0.5 is chance.</param>
/// <param name="Best">The mean percentile of the best answer. It is below 1, because candidates tie.</param>
/// <param name="Preferred">The share of the candidate sets in which the served answer is one of the best.</param>
/// <param name="Chance">The same share for a random choice.</param>
public readonly record struct Score(double Served, double Best, double Preferred, double Chance)
{
    /// <summary>The served answer's gain over chance, as a share of the possible gain.</summary>
    public double ShareOfGain => Best > 0.5 ? (Served - 0.5) / (Best - 0.5) : 0;

    /// <summary>
    /// Measures a way to choose from candidate sets. If no set has two answers, there is nothing to choose: every served answer is the best one, and
    /// a random choice serves it too.
    /// </summary>
    public static Score Of(Taste taste, IReadOnlyList<CandidateSet> sets, Func<CandidateSet, int> choose)
    {
        ArgumentNullException.ThrowIfNull(taste);
        ArgumentNullException.ThrowIfNull(sets);
        ArgumentNullException.ThrowIfNull(choose);
        double served = 0,
            best = 0,
            preferred = 0,
            chance = 0;
        int measured = 0;
        foreach (CandidateSet set in sets)
        {
            double[] utilities = [.. set.Candidates.Select(c => taste.Utility(c.Text))];
            if (utilities.Length < 2)
                continue;
            int choice = choose(set),
                top = Array.IndexOf(utilities, utilities.Max());
            served += Percentile(utilities, choice);
            best += Percentile(utilities, top);
            preferred += utilities[choice] == utilities[top] ? 1 : 0;
            chance += utilities.Count(u => u == utilities[top]) / (double)utilities.Length;
            measured++;
        }
        if (measured == 0)
            return new Score(0.5, 0.5, 1, 1);
        return new Score(served / measured, best / measured, preferred / measured, chance / measured);
    }

    /// <summary>The mean of several scores.</summary>
    public static Score Mean(IReadOnlyCollection<Score> scores) =>
        new(scores.Average(s => s.Served), scores.Average(s => s.Best), scores.Average(s => s.Preferred), scores.Average(s => s.Chance));

    /// <summary>The share of the other answers that are worse. Ties count half.</summary>
    private static double Percentile(double[] utilities, int index)
    {
        double worse = 0;
        for (int i = 0; i < utilities.Length; i++)
        {
            if (i != index)
                worse +=
                    utilities[i] < utilities[index] ? 1
                    : utilities[i] == utilities[index] ? 0.5
                    : 0;
        }
        return worse / (utilities.Length - 1);
    }
}
