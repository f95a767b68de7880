namespace OnlineRlhf.Daemon.Http;

/// <summary>A kind of error: its HTTP status, and the reason by which a program recognises it. The daemon sends no other errors.</summary>
internal sealed class ProblemKind
{
    private static readonly List<ProblemKind> Known = [];

    internal static readonly ProblemKind BadRequest = new(StatusCodes.Status400BadRequest, "bad-request"),
        BadJson = new(StatusCodes.Status400BadRequest, "bad-json"),
        InvalidKey = new(StatusCodes.Status401Unauthorized, "invalid-key"),
        Forbidden = new(StatusCodes.Status403Forbidden, "forbidden"),
        OtherProfile = new(StatusCodes.Status403Forbidden, "other-profile"),
        Unknown = new(StatusCodes.Status404NotFound, "unknown"),
        NoneOpen = new(StatusCodes.Status404NotFound, "none-open"),
        NoSuchPath = new(StatusCodes.Status404NotFound, "no-such-path"),
        Method = new(StatusCodes.Status405MethodNotAllowed, "method"),
        BodyTooSlow = new(StatusCodes.Status408RequestTimeout, "bad-request"),
        OtherAnswer = new(StatusCodes.Status409Conflict, "other-answer"),
        NotCounted = new(StatusCodes.Status409Conflict, "not-counted"),
        NothingAsked = new(StatusCodes.Status409Conflict, "nothing-asked"),
        NothingLearned = new(StatusCodes.Status409Conflict, "nothing-learned"),
        StateChanged = new(StatusCodes.Status409Conflict, "state-changed"),
        KeyExists = new(StatusCodes.Status409Conflict, "key-exists"),
        TooManyKeys = new(StatusCodes.Status409Conflict, "too-many-keys"),
        StateDoesNotFit = new(StatusCodes.Status409Conflict, "state-does-not-fit"),
        Expired = new(StatusCodes.Status410Gone, "expired"),
        Superseded = new(StatusCodes.Status410Gone, "superseded"),
        PromptTooLong = new(StatusCodes.Status413PayloadTooLarge, "prompt-too-long"),
        BodyTooLarge = new(StatusCodes.Status413PayloadTooLarge, "body-too-large"),
        UnsupportedMediaType = new(StatusCodes.Status415UnsupportedMediaType, "unsupported-media-type"),
        WrongHost = new(StatusCodes.Status421MisdirectedRequest, "wrong-host"),
        NotFinite = new(StatusCodes.Status422UnprocessableEntity, "not-finite"),
        TooManyWrongKeys = new(StatusCodes.Status429TooManyRequests, "too-many-wrong-keys"),
        EngineFailed = new(StatusCodes.Status500InternalServerError, "engine"),
        State = new(StatusCodes.Status500InternalServerError, "state"),
        Internal = new(StatusCodes.Status500InternalServerError, "internal"),
        Loading = new(StatusCodes.Status503ServiceUnavailable, "loading"),
        Busy = new(StatusCodes.Status503ServiceUnavailable, "busy"),
        Stopping = new(StatusCodes.Status503ServiceUnavailable, "stopping"),
        NoAnswer = new(StatusCodes.Status503ServiceUnavailable, "no-answer"),
        Device = new(StatusCodes.Status503ServiceUnavailable, "engine"),
        ModelChanged = new(StatusCodes.Status503ServiceUnavailable, "model-changed"),
        StateRemoved = new(StatusCodes.Status503ServiceUnavailable, "state-removed"),
        StateBusy = new(StatusCodes.Status503ServiceUnavailable, "state-busy"),
        CannotStart = new(StatusCodes.Status503ServiceUnavailable, "cannot-start"),
        DiskFull = new(StatusCodes.Status507InsufficientStorage, "disk-full"),
        TooManyProfiles = new(StatusCodes.Status507InsufficientStorage, "too-many-profiles");

    private ProblemKind(int status, string reason)
    {
        (Status, Reason) = (status, reason);
        Known.Add(this);
    }

    /// <summary>All kinds.</summary>
    internal static IReadOnlyList<ProblemKind> All => Known;

    internal int Status { get; }

    internal string Reason { get; }

    internal (int Status, string Reason, string Detail) With(string detail) => (Status, Reason, detail);
}
