namespace OnlineRlhf.Daemon.Http.Access;

/// <summary>
/// Slows down those who send wrong keys. Each waits half a second for the answer. Only a few wait at a time, so that they hold few connections; the
/// others are told at once to come later. A right key never waits.
/// </summary>
internal sealed class WrongKeys(TimeProvider clock)
{
    /// <summary>How many may wait.</summary>
    internal const int MostWaiting = 16;

    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(500);
    private int _waiting;

    /// <summary>Refuses a request: after a wait, or at once.</summary>
    /// <exception cref="AccessException">Always.</exception>
    internal async Task RefuseAsync(HttpContext context)
    {
        try
        {
            if (Interlocked.Increment(ref _waiting) > MostWaiting)
            {
                context.Response.Headers.RetryAfter = Problems.RetryAfter;
                context.Response.Headers.Connection = "close";
                throw new AccessException(ProblemKind.TooManyWrongKeys, "Too many wrong keys come at a time: check the key, then try again.");
            }
            await Task.Delay(Wait, clock, context.RequestAborted).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
        context.Response.Headers.WWWAuthenticate = "Bearer";
        throw new AccessException(
            ProblemKind.InvalidKey,
            "The key is missing or wrong: send one header \"Authorization: Bearer KEY\"; on the device, sudo onlinerlhf key add NAME makes a key."
        );
    }
}
