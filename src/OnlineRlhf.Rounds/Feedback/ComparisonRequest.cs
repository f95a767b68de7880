using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Rounds.Feedback;

/// <summary>Two answers that a client brings. The client knows which one is better, or that neither is.</summary>
/// <param name="Messages">The conversation; its last turn is the user's.</param>
/// <param name="Chosen">The better answer.</param>
/// <param name="Rejected">The worse answer.</param>
public sealed record ComparisonRequest(IReadOnlyList<ChatMessage> Messages, string Chosen, string Rejected)
{
    /// <summary>The profile whose taste the comparison describes.</summary>
    public string Profile { get; init; } = RoundRequest.DefaultProfile;

    /// <summary>Names the comparison within its profile. A repeat of an id is confirmed and learned only once, even if its answers differ.</summary>
    public Guid Id { get; init; } = Guid.NewGuid();

    /// <summary>The same comparison without what a reasoning model thought before it answered, because only the answers are learned.</summary>
    internal ComparisonRequest WithoutThoughts() => this with { Chosen = Thoughts.Drop(Chosen ?? ""), Rejected = Thoughts.Drop(Rejected ?? "") };

    /// <summary>Whether neither answer is better. Then the order of the two means nothing.</summary>
    public bool IsTie { get; init; }

    /// <summary>
    /// How many comparisons the profile must already hold. If it holds fewer, its state is not the one that the client knew, and the request fails.
    /// </summary>
    public long AtLeast { get; init; }

    internal void Validate()
    {
        RoundRequest.Validate(Messages, Profile);
        RoundRequest.RequireUserTurn(Messages);
        if (string.IsNullOrWhiteSpace(Chosen) || string.IsNullOrWhiteSpace(Rejected))
            throw new RoundException(
                RoundError.BadRequest,
                $"{(string.IsNullOrWhiteSpace(Chosen) ? "chosen" : "rejected")} is empty: "
                    + "send the texts of both answers; thoughts of a reasoning model are no part of them."
            );
        if (Chosen == Rejected)
            throw new RoundException(RoundError.BadRequest, "chosen and rejected are the same text: there is nothing to learn from it.");
        if (Id == Guid.Empty)
            throw new RoundException(RoundError.BadRequest, "id is the GUID of zeros: choose another one, or leave it out.");
    }
}
