using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Profiles;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>Decides how many candidates a round writes, how long they may be, and under which style hints.</summary>
/// <param name="model">The language model.</param>
/// <param name="options">How rounds are made.</param>
/// <param name="warmUp">How much the model can write in time.</param>
/// <param name="hints">Assigns style hints.</param>
/// <param name="forecast">Knows how long answers usually are.</param>
/// <param name="events">Receives progress events.</param>
internal sealed class RoundPlanner(
    LanguageModel model,
    RoundOptions options,
    WarmUp warmUp,
    HintSelector hints,
    AnswerForecast forecast,
    EventHub events
)
{
    /// <summary>How fast the model answers, according to the last measurement; null if rounds have no time limit.</summary>
    internal DecodingPace? Pace => warmUp.Pacing?.Pace;

    /// <summary>What a round on a short request samples now, if it may ask and the request sets no limits.</summary>
    internal RoundBudget Budget => BudgetOf(SteeringOf(isServed: false));

    /// <summary>How long it takes until the first word of a round that asks nothing; null if that is not known.</summary>
    internal TimeSpan? FirstWord =>
        SteeringOf(isServed: true) is { } steering ? warmUp.Pacing?.FirstWord(warmUp.PromptTokens, BudgetOf(steering)) : null;

    /// <summary>The blocks of a request's answers; null if they are chosen whole.</summary>
    internal SteeringOptions? SteeringOf(RoundRequest request) => request.IsChosenWhole ? null : SteeringOf(IsServed(request));

    /// <summary>Plans a round.</summary>
    /// <param name="profile">The profile of the request.</param>
    /// <param name="request">The request.</param>
    /// <param name="sampling">What the request and the settings want.</param>
    /// <param name="steering">The blocks; null if answers are chosen whole.</param>
    /// <param name="listener">Receives progress; null for nobody.</param>
    internal RoundPlan Plan(
        Profile profile,
        RoundRequest request,
        SamplingOptions sampling,
        SteeringOptions? steering,
        IProgress<SamplingProgress>? listener
    )
    {
        TokenizedPrompt prompt = model.Tokenize(
            request.IsFitted && options.TrimConversations
                ? model.Fit(request.Messages, Math.Min(sampling.MaxTokens, model.MaxAnswerTokens))
                : request.Messages
        );
        // Read the profile first: an unreadable state must fail before the model works for seconds.
        (FeatureMap map, bool hasTaste) = profile.Read((map, learned) => (map, learned.Comparisons > 0));
        // Before the first press all answers are worth the same, so one is enough.
        if (steering is { IsServed: true } && !hasTaste && request.Leader is null)
            (request, sampling) = (request with { Candidates = 1 }, sampling with { Candidates = 1 });
        if (steering is not null && sampling.Candidates == 1)
            steering = SteeringOptions.Unsteered with { IsServed = steering.IsServed };
        int promptTokens = 0;
        if (warmUp.Pacing is { } pacing)
        {
            promptTokens = model.PromptTokens(prompt, sampling.Temperature == 0 ? null : request.Profile);
            (sampling, steering) = InTime(pacing, promptTokens, request, sampling, steering);
        }
        string?[] assigned = profile.Read((_, learned) => Assign(learned));
        var progress = new RoundProgress(request.OpensRound ? events : null, listener, request.Profile);
        // Report before sampling, because reading the prompt takes a while too.
        progress.Report(new SamplingProgress(0, 0, assigned.Length));
        return new RoundPlan(prompt, promptTokens, sampling, steering, map, assigned, progress);

        string?[] Assign(OnePassRewardModel learned) =>
            request.IsPlain ? [null]
            : request.Hint is { } hint ? [.. Enumerable.Repeat(hint, sampling.Candidates)]
            : steering is { IsServed: true } ? hints.AssignLikeliest(learned, sampling.Candidates, sampling.Seed)
            : hints.Assign(learned, sampling.Candidates, sampling.Seed);
    }

    /// <summary>Corrects the pace by the time that a round took.</summary>
    /// <param name="time">How long the round took.</param>
    /// <param name="plan">The round's plan.</param>
    /// <param name="steps">How many steps it took.</param>
    internal void Took(TimeSpan time, RoundPlan plan, int steps) => warmUp.Pacing?.Took(time, plan.PromptTokens, steps, plan.Progress.Tokens);

    private bool IsServed(RoundRequest request) => (request.Ask ?? options.Ask) == AskMode.Never;

    private SteeringOptions? SteeringOf(bool isServed) => options.Steering?.For(isServed, forecast.ExpectedTokens);

    private RoundBudget BudgetOf(SteeringOptions? steering)
    {
        // The context must hold the prompt and the answer.
        int maxTokens = Math.Clamp(options.Sampling.MaxTokens, 1, Math.Max(1, model.ContextTokens - warmUp.PromptTokens));
        return warmUp.Pacing?.Budget(warmUp.PromptTokens, null, options.Sampling.Candidates, maxTokens, model.ThinkingBudget, steering)
            ?? new RoundBudget(options.Sampling.Candidates, maxTokens, model.ThinkingBudget);
    }

    /// <summary>Limits a round to what there is time for.</summary>
    private (SamplingOptions Sampling, SteeringOptions? Steering) InTime(
        Pacing pacing,
        int promptTokens,
        RoundRequest request,
        SamplingOptions sampling,
        SteeringOptions? steering
    )
    {
        // At temperature 0 the answer must be the same each time. A budget would change its length, because the pace differs from round to round.
        if (sampling.Temperature == 0)
            return (sampling, steering);
        RoundBudget budget = pacing.Budget(promptTokens, request.Candidates, sampling.Candidates, sampling.MaxTokens, model.ThinkingBudget, steering);
        sampling = sampling with
        {
            Candidates = budget.Candidates,
            MaxTokens = request is { IsFitted: false, MaxTokens: { } wanted } ? wanted : budget.MaxTokens,
            // Some models think even though their template does not announce it. Their thoughts keep the limit of the settings.
            ThinkingBudget = model.ThinkingBudget > 0 ? budget.Thoughts : sampling.ThinkingBudget,
        };
        return (sampling, steering is null ? null : steering with { FirstBlock = budget.FirstBlock });
    }
}
