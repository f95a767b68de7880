using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Rounds.Conversations;

/// <summary>A wish about the manner of an answer, such as "shorter": a message that says nothing else.</summary>
/// <param name="Features">The names of the features that the wish moves.</param>
/// <param name="Sign">1 for more of them, −1 for less.</param>
/// <param name="Hint">The style hint under which the model writes such an answer.</param>
internal sealed record Wish(string[] Features, float Sign, string Hint)
{
    /// <summary>Of two answers, the one that moves at least this far counts as the wished one. A statistic weighs 0.3 of its usual spread.</summary>
    private const float Clearly = 0.15f;

    // A wish is a few words long.
    private const int Longest = 60;

    /// <summary>The wish that a message of the user is; null if it says anything else.</summary>
    internal static Wish? Of(string message)
    {
        if (message.Length > Longest)
            return null;
        string words = string.Join(' ', message.ToLowerInvariant().Split(Separators, StringSplitOptions.RemoveEmptyEntries));
        foreach (WishWords language in WishWords.All)
        {
            string bare = language.WithoutCourtesy(words);
            if (language.Wishes.TryGetValue(bare, out Wish? wish))
                return wish;
        }
        return null;
    }

    /// <summary>Makes a request for the wished answer: to what was asked before, under a hint.</summary>
    /// <param name="request">The request whose last message is the wish.</param>
    /// <param name="before">The answer that the wish is about.</param>
    /// <param name="hasHints">Whether the model understands style hints.</param>
    internal RoundRequest Apply(RoundRequest request, GivenAnswer before, bool hasHints)
    {
        // One wish can follow another one. All of them are about the same question.
        List<string> hints = [];
        int asked = request.Messages.Count - 1;
        for (; asked > 0; asked--)
        {
            if (request.Messages[asked].Role != "user")
                continue;
            if (Of(request.Messages[asked].Content) is not { } wish)
                break;
            hints.Insert(0, wish.Hint);
        }
        return request with
        {
            Messages = [.. request.Messages.Take(asked + 1)],
            Wished = before,
            Hint = hasHints ? string.Join(' ', hints.Distinct()) : null,
            // Under a hint, the beginnings move as wished. Without one, only whole answers show which one does.
            IsChosenWhole = !hasHints,
            Leader = (learned, candidates) => Choose(learned, candidates, before.Features),
        };
    }

    /// <summary>
    /// The difference of two answers in the features that the wish names, 0 elsewhere; empty if the answer did not move as wished.
    /// </summary>
    internal float[] Difference(ReadOnlySpan<float> features, ReadOnlySpan<float> before)
    {
        if (Moved(features, before) <= 0)
            return [];
        float[] difference = new float[features.Length];
        foreach (int i in Indices(features.Length))
            difference[i] = features[i] - before[i];
        return difference;
    }

    /// <summary>The best candidate among those that clearly move as wished; if there is none, the one that moves farthest.</summary>
    private int Choose(OnePassRewardModel learned, CandidateFeatures candidates, ReadOnlySpan<float> before)
    {
        (int? best, double highest) = (null, double.NegativeInfinity);
        (int farthest, float distance) = (0, float.NegativeInfinity);
        for (int i = 0; i < candidates.Count; i++)
        {
            float moved = Moved(candidates[i], before);
            double reward = learned.Score(candidates[i]);
            if (moved >= Clearly && reward > highest)
                (best, highest) = (i, reward);
            if (moved > distance)
                (farthest, distance) = (i, moved);
        }
        return best ?? farthest;
    }

    private float Moved(ReadOnlySpan<float> features, ReadOnlySpan<float> before)
    {
        int first = Indices(features.Length)[0];
        return Sign * (features[first] - before[first]);
    }

    private int[] Indices(int dimension)
    {
        int named = dimension - FeatureMap.Names.Count;
        return [.. Features.Select(name => named + FeatureMap.Names.Index().First(n => n.Item == name).Index)];
    }

    private static readonly char[] Separators = [' ', '\t', '\r', '\n', '\u00a0', '.', ',', '!', '?', ';', ':', '"', '\'', '…'];
}
