namespace OnlineRlhf.Rounds;

/// <summary>Why a round or its feedback was refused.</summary>
public enum RoundError
{
    /// <summary>The request itself is wrong.</summary>
    BadRequest,

    /// <summary>Too many requests wait already; try again later.</summary>
    Busy,

    /// <summary>No round with this id is open or remembered, and no ring holds its comparison.</summary>
    Unknown,

    /// <summary>The round's lifetime is over.</summary>
    Expired,

    /// <summary>A newer round on the same profile replaced this one.</summary>
    Superseded,

    /// <summary>The round got another answer before.</summary>
    OtherAnswer,

    /// <summary>The round served one answer and asked nothing.</summary>
    NothingAsked,

    /// <summary>The model wrote no answer. Another try may give one.</summary>
    NoAnswer,

    /// <summary>The disk already holds as many profiles as the setting allows.</summary>
    TooManyProfiles,

    /// <summary>The profile has learned nothing, so it has no state to record a file in.</summary>
    NothingLearned,

    /// <summary>The profile's state is not the one that the client knew: it was deleted, or replaced by an older one.</summary>
    StateChanged,
}

/// <summary>Thrown if a round or its feedback is refused. The message says why and what to do.</summary>
public sealed class RoundException : Exception
{
    /// <summary>Creates an exception for a request or an answer that the loop refuses.</summary>
    public RoundException(RoundError error, string message)
        : base(message) => Error = error;

    /// <summary>Why the request or answer was refused.</summary>
    public RoundError Error { get; }
}
