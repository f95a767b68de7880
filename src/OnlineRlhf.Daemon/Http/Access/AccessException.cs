namespace OnlineRlhf.Daemon.Http.Access;

/// <summary>A request that its sender may not make.</summary>
/// <param name="kind">The kind of the refusal.</param>
/// <param name="message">Why, and what to do. It never holds a key.</param>
internal sealed class AccessException(ProblemKind kind, string message) : Exception(message)
{
    internal ProblemKind Kind { get; } = kind;
}
