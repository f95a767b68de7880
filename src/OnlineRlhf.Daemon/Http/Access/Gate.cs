using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Http.Access;

/// <summary>Decides who may send a request, before anything else looks at it, and says who it is (<see cref="Caller"/>).</summary>
/// <remarks>
/// On the Unix socket the membership in its group is the authority. Over TCP each request needs a key. Web pages of others must not reach the daemon
/// through a person's browser: <see cref="WebOrigins"/>.
/// </remarks>
internal sealed class Gate(KeyStore keys, ControlAuthority authority, WebOrigins origins, WrongKeys wrong, Metrics metrics)
{
    private const string Scheme = "Bearer ";

    /// <summary>Passes a request on, or answers it.</summary>
    /// <exception cref="AccessException">The sender may not make this request.</exception>
    /// <exception cref="StateException">The keys cannot be read.</exception>
    internal async Task PassAsync(HttpContext context, RequestDelegate next)
    {
        OpenConnection connection = context.Features.Get<OpenConnection>()!;
        bool isControl = context.GetEndpoint()?.Metadata.GetMetadata<ControlRoute>() is not null;
        if (connection.IsLocal)
        {
            if (isControl && !authority.Allows(connection))
                throw new AccessException(
                    ProblemKind.Forbidden,
                    "Only root, the daemon's user and the group of the setting control_group may do this: run the command with sudo."
                );
            context.Features.Set(Caller.Local);
            await next(context).ConfigureAwait(false);
            return;
        }
        origins.Check(context);
        if (WebOrigins.AnswersPreflight(context))
            return;
        if (Find(context) is not { } key)
        {
            metrics.RefusedKey();
            await wrong.RefuseAsync(context).ConfigureAwait(false);
            return;
        }
        if (isControl)
            throw new AccessException(ProblemKind.Forbidden, "No key may do this: it is done on the device, over the Unix socket.");
        context.Features.Set(key.Caller);
        // A key that is removed must not go on to read a stream.
        using CancellationTokenRegistration removed = key.Removed.Register(context.Abort);
        await next(context).ConfigureAwait(false);
    }

    private HeldKey? Find(HttpContext context) =>
        context.Request.Headers.Authorization is [{ } sent] && sent.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? keys.Find(sent[Scheme.Length..].Trim())
            : null;
}
