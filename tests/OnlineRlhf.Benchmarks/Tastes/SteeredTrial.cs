using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>
/// One simulated person uses the whole loop: every round is written by the model, every press is learned, and what is served on held-out requests is
/// written anew.
/// </summary>
internal sealed class SteeredTrial(Candidates candidates, PropertyTable? relevance)
{
    /// <summary>Lets the person press, and measures at each checkpoint.</summary>
    /// <param name="model">The model.</param>
    /// <param name="directory">The folder of the state. The feature map is calibrated there already.</param>
    /// <param name="form">The form of sampling; null for whole answers.</param>
    /// <param name="taste">What the person likes.</param>
    /// <param name="split">Which requests are held out.</param>
    /// <param name="checkpoints">After how many presses it is measured, in rising order.</param>
    /// <param name="seed">Decides the requests' order, the answers and the person's mistakes.</param>
    internal async Task<(ServedAnswers[] After, double AskedTokens)> RunAsync(
        LanguageModel model,
        string directory,
        SteeringOptions? form,
        MixedTaste taste,
        Split split,
        IReadOnlyList<int> checkpoints,
        int seed
    )
    {
        var events = new EventHub();
        using EventHub.Subscription following = events.Follow();
        var options = new RoundOptions
        {
            Steering = form,
            Sampling = new SamplingOptions { MaxTokens = CandidateSampling.MaxTokens, Temperature = CandidateSampling.Temperature },
            ProfilesStored = int.MaxValue,
        };
        using PreferenceLoop loop = await PreferenceLoop.OpenAsync(model, directory, options, TimeProvider.System, events).ConfigureAwait(false);
        var random = new Random(seed);
        string profile = $"{Guid.NewGuid():N}";
        List<ServedAnswers> after = [];
        double asked = 0;
        int rounds = 0;
        int[] order = [.. split.Training];
        for (int press = 0, at = 0; ; press++)
        {
            if (press == checkpoints[at])
            {
                List<ServedAnswers> served = [];
                foreach (int held in split.HeldOut)
                    served.Add(await ServeAsync(held).ConfigureAwait(false));
                after.Add(ServedAnswers.Mean(served) with { Presses = press });
                if (++at == checkpoints.Count)
                    return ([.. after], asked / rounds);
            }
            if (press % order.Length == 0)
                random.Shuffle(order);
            int request = order[press % order.Length];
            (Round round, int tokens) = await OpenAsync(request, AskMode.Always).ConfigureAwait(false);
            asked += tokens;
            rounds++;
            if (!round.Asked)
                continue;
            double preference = taste.Preference(taste.Utility(request, round.First.Text), taste.Utility(request, round.Second!.Text));
            Preferred preferred = random.NextDouble() < preference ? Preferred.First : Preferred.Second;
            await loop.GiveFeedbackAsync(round.Id, preferred).ConfigureAwait(false);
        }

        async Task<ServedAnswers> ServeAsync(int request)
        {
            (Round round, int tokens) = await OpenAsync(request, AskMode.Never).ConfigureAwait(false);
            return Measure(taste, request, round.First.Text) with { Tokens = tokens };
        }

        async Task<(Round Round, int Tokens)> OpenAsync(int request, AskMode ask)
        {
            Round round = await loop.OpenRoundAsync(
                    new RoundRequest([new ChatMessage("user", candidates.Request(request))])
                    {
                        Profile = profile,
                        Ask = ask,
                        Seed = (uint)random.Next(),
                    }
                )
                .ConfigureAwait(false);
            int tokens = 0;
            while (following.Events.TryRead(out RoundEvent? happened))
                tokens = happened is RoundEvent.Generating generating ? Math.Max(tokens, generating.Progress.Tokens) : tokens;
            return (round, tokens);
        }
    }

    /// <summary>What a person thinks of an answer, and what it is like; its tokens are left at 0.</summary>
    internal ServedAnswers Measure(MixedTaste taste, int request, string answer)
    {
        string[] words = answer.ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        string[] trigrams = [.. Enumerable.Range(0, Math.Max(0, words.Length - 2)).Select(i => string.Join(' ', words[i..(i + 3)]))];
        return new ServedAnswers(
            0,
            taste.Utility(request, answer),
            relevance?[0](request, answer) ?? 0,
            trigrams.Length == 0 ? 1 : (double)trigrams.Distinct().Count() / trigrams.Length,
            words.Length,
            0
        );
    }
}
