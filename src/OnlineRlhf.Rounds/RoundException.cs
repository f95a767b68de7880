namespace OnlineRlhf.Rounds;

/// <summary>Why a round or its feedback was refused.</summary>
public enum RoundError
{
    /// <summary>The request itself is wrong.</summary>
    BadRequest,

    /// <summary>Too many requests wait already; try again later.</summary>
    Busy,

    /// <summary>No such round is open, was lately, or left a comparison behind.</summary>
    Unknown,

    /// <summary>The round's lifetime is over.</summary>
    Expired,

    /// <summary>A newer round on the same profile took its place.</summary>
    Superseded,

    /// <summary>Another answer was given already.</summary>
    OtherAnswer,

    /// <summary>The round served one answer and asked nothing.</summary>
    NothingAsked,

    /// <summary>The model wrote no answer; another try draws anew.</summary>
    NoAnswer,

    /// <summary>As many profiles are stored as the setting allows.</summary>
    TooManyProfiles,

    /// <summary>The profile has learned nothing, so that nothing can be noted beside its state.</summary>
    NothingLearned,

    /// <summary>The profile's state is not the one that the client knew: it was deleted, or an older one was put in its place.</summary>
    StateChanged,
}

/// <summary>A round or its feedback was refused; the message says why and what to do.</summary>
public sealed class RoundException : Exception
{
    /// <summary>Says why a request or an answer cannot be taken.</summary>
    public RoundException(RoundError error, string message)
        : base(message) => Error = error;

    /// <summary>Why.</summary>
    public RoundError Error { get; }
}
