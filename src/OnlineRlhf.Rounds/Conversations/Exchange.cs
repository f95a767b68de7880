using OnlineRlhf.Inference.Features;

namespace OnlineRlhf.Rounds.Conversations;

/// <summary>
/// What the daemon remembers of one turn of a conversation, as long as its round is open: the answers that it gave, so that it recognises the one
/// that the person keeps. <see cref="ConversationHandler"/> alone changes it, under its lock.
/// </summary>
/// <param name="source">Who sent the request: a key, or the empty id for the Unix socket.</param>
/// <param name="turn">The turn.</param>
/// <param name="request">How the first answer was requested.</param>
/// <param name="round">The round.</param>
internal sealed class Exchange(Guid source, ConversationTurn turn, RoundRequest request, Round round)
{
    internal Guid Source { get; } = source;

    internal ConversationTurn Turn { get; } = turn;

    /// <summary>A hash of the system messages.</summary>
    internal UInt128 System { get; } = request.Turns!.System;

    /// <summary>How the first answer was requested, without the conversation.</summary>
    internal RoundRequest Request { get; } =
        request with
        {
            Messages = [],
            Turns = null,
            Repeated = null,
            Answered = null,
            Wished = null,
            Leader = null,
        };

    /// <summary>The answer that the person wished to be changed in manner before this turn; null if this turn is no such wish.</summary>
    internal GivenAnswer? Wished { get; } = request.Wished;

    /// <summary>The round of the first answer. Its id becomes the id of the comparison.</summary>
    internal Round Round { get; } = round;

    /// <summary>The answer that was given first.</summary>
    internal GivenAnswer First { get; } = new(round.First, round.Served);

    /// <summary>The answer that was given when the person asked again, or in a second column; null until then.</summary>
    internal GivenAnswer? Other { get; set; }

    /// <summary>
    /// Whether the two answers were requested side by side. A client that shows two columns goes on with the last one if nobody chooses, so only the
    /// first one says something.
    /// </summary>
    internal bool IsSideBySide { get; set; }

    /// <summary>Whether the conversation went on, or both answers were refused. Then nothing more is learned from it.</summary>
    internal bool IsOver { get; set; }

    /// <summary>Whether the person has seen both answers.</summary>
    internal bool IsPair => First.DeliveredAt is not null && Other?.DeliveredAt is not null && Other.Hash != First.Hash;

    /// <summary>The last answer.</summary>
    internal GivenAnswer Last => Other ?? First;
}

/// <summary>An answer that the daemon gave.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="Features">Its features, φ.</param>
internal sealed record GivenAnswer(ShownAnswer Answer, float[] Features)
{
    /// <summary>The hash of its text.</summary>
    internal UInt128 Hash { get; } = ConversationTurns.HashOf(Answer.Text);

    /// <summary>When its last byte was sent, as a timestamp of the clock; null if it was not.</summary>
    internal long? DeliveredAt { get; set; }
}
