using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Simulation;

/// <summary>Lets a simulated person use the loop for a while. The trial measures the served answers on topics that were never learned from.</summary>
public sealed class TasteTrial(PreferenceLoop loop, SimulationPlan plan, Taste taste, string profile, int seed)
{
    private const int MostUnasked = 20;

    private readonly SimulatedPerson _person = new(taste, seed);
    private readonly Random _pairs = new(unchecked((seed * 6151) + 3));
    private readonly IReadOnlyList<string> _requests = SimulationPlan.Shuffle(plan.TrainTopics, seed);
    private readonly List<(float[] Difference, double Label)> _history = [];
    private int _rounds;

    /// <summary>How many comparisons there were so far: presses, and comparisons that were brought.</summary>
    public int Presses => _history.Count;

    /// <summary>z and y of each comparison, as the profile learned it. The profile itself does not keep this history.</summary>
    public IReadOnlyList<(float[] Difference, double Label)> History => _history;

    /// <summary>Whether the person pressed for the answer that they like less. The noise causes this sometimes.</summary>
    public bool IsMistake(Round round, Preferred pressed)
    {
        ArgumentNullException.ThrowIfNull(round);
        double difference = taste.Utility(round.First.Text) - taste.Utility(round.Second?.Text ?? "");
        return pressed == Preferred.First ? difference < 0 : pressed == Preferred.Second && difference > 0;
    }

    /// <summary>Samples the candidate sets to measure on. They do not depend on the taste, so tastes can share them.</summary>
    public static async Task<IReadOnlyList<CandidateSet>> SampleTestSetsAsync(
        PreferenceLoop loop,
        SimulationPlan plan,
        int count,
        int seed,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(plan);
        List<CandidateSet> sets = [];
        foreach (string request in SimulationPlan.Shuffle(plan.TestTopics, seed).Take(count))
            sets.Add(
                await loop.SampleAsync(
                        Request(plan, request, RoundRequest.DefaultProfile, AskMode.Never, unchecked((uint)((seed * 7919) + sets.Count))),
                        cancellationToken
                    )
                    .ConfigureAwait(false)
            );
        return sets;
    }

    /// <summary>Runs one round with one press. Rounds with a single answer ask nothing and are skipped.</summary>
    /// <exception cref="RoundException">The model gives a single answer twenty times in a row, so there is nothing to press.</exception>
    public Task<(string Request, Round Round, Preferred Pressed)> PressAsync(CancellationToken cancellationToken) =>
        PressAsync(loop.OpenRoundAsync, cancellationToken);

    /// <summary>The same, for somebody who looks on while the answers are written.</summary>
    /// <param name="open">Opens a round of the loop.</param>
    /// <param name="cancellationToken">Ends the round.</param>
    public async Task<(string Request, Round Round, Preferred Pressed)> PressAsync(
        Func<RoundRequest, CancellationToken, Task<Round>> open,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(open);
        for (int unasked = 0; unasked < MostUnasked; unasked++)
        {
            (string text, RoundRequest request) = Next(AskMode.Always);
            Round round = await open(request, cancellationToken).ConfigureAwait(false);
            if (!round.Asked)
                continue;
            Preferred pressed = _person.Press(round);
            await loop.GiveFeedbackAsync(round.Id, pressed, cancellationToken).ConfigureAwait(false);
            _history.Add((round.Difference.ToArray(), pressed == Preferred.First ? 1 : 0));
            return (text, round, pressed);
        }
        throw SingleAnswer();
    }

    /// <summary>Brings one comparison of two random answers, not of those that the learner would ask about.</summary>
    /// <exception cref="RoundException">The model gives a single answer twenty times in a row, so there is nothing to compare.</exception>
    public async Task SubmitAsync(CancellationToken cancellationToken)
    {
        for (int single = 0; single < MostUnasked; single++)
        {
            RoundRequest request = Next(AskMode.Never).Request;
            CandidateSet set = await loop.SampleAsync(request, cancellationToken).ConfigureAwait(false);
            int count = set.Candidates.Count;
            if (count < 2)
                continue;
            int first = _pairs.Next(count),
                second = (first + 1 + _pairs.Next(count - 1)) % count;
            (string a, string b) = (set.Candidates[first].Text, set.Candidates[second].Text);
            if (string.IsNullOrWhiteSpace(a) || string.IsNullOrWhiteSpace(b))
                continue;
            bool prefersFirst = _person.PrefersFirst(a, b);
            var comparison = new ComparisonRequest(request.Messages, prefersFirst ? a : b, prefersFirst ? b : a) { Profile = profile };
            float[] difference = await loop.CompareAsync(comparison, cancellationToken).ConfigureAwait(false);
            await loop.SubmitAsync(comparison, cancellationToken).ConfigureAwait(false);
            _history.Add((difference, 1));
            return;
        }
        throw SingleAnswer();
    }

    /// <summary>Measures on candidate sets what the profile would serve.</summary>
    public Score Measure(IReadOnlyList<CandidateSet> sets) => Score.Of(taste, sets, set => loop.Choose(set.For(profile)).Leader);

    /// <summary>The text that the profile would serve from a candidate set.</summary>
    public string Serve(CandidateSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return set.Candidates[loop.Choose(set.For(profile)).Leader].Text;
    }

    /// <summary>Opens a round that asks nothing: the profile's answer to a candidate set's request, written anew.</summary>
    /// <param name="set">The candidate set.</param>
    /// <param name="open">Opens a round of the loop.</param>
    /// <param name="cancellationToken">Ends the round.</param>
    public Task<Round> AnswerAsync(CandidateSet set, Func<RoundRequest, CancellationToken, Task<Round>> open, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(open);
        return open(set.Request with { Profile = profile, Ask = AskMode.Never }, cancellationToken);
    }

    private (string Text, RoundRequest Request) Next(AskMode ask)
    {
        string text = _requests[_rounds % _requests.Count];
        return (text, Request(plan, text, profile, ask, unchecked((uint)((seed * 104729) + _rounds++))));
    }

    private static RoundException SingleAnswer() =>
        new(
            RoundError.NothingAsked,
            $"The model has a single answer to each of {MostUnasked} requests in a row, so that nothing can be compared: use another model."
        );

    private static RoundRequest Request(SimulationPlan plan, string text, string profile, AskMode ask, uint seed) =>
        new([new ChatMessage("user", text)])
        {
            Profile = profile,
            Ask = ask,
            Seed = seed,
            Candidates = plan.Candidates,
            MaxTokens = plan.MaxTokens,
            Temperature = plan.Temperature,
        };
}
