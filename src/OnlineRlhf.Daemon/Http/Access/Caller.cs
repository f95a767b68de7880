using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Http.Access;

/// <summary>Who sent a request, and what they may do. It is a feature of every request's HttpContext.</summary>
/// <param name="Source">The key's id; <see cref="Guid.Empty"/> on the Unix socket.</param>
/// <param name="Profile">The key's profile; null on the Unix socket, where every profile may be named.</param>
/// <param name="MayNameProfiles">Whether the request may name a profile that is not the caller's own.</param>
/// <param name="IsTalkLearned">Whether the daemon may learn from the caller's conversations.</param>
internal sealed record Caller(Guid Source, string? Profile, bool MayNameProfiles, bool IsTalkLearned)
{
    /// <summary>Anybody on the Unix socket: whoever may connect to it may ask for every profile.</summary>
    internal static Caller Local { get; } = new(Guid.Empty, null, true, true);

    /// <summary>The only profile of which the caller may know; null for every profile.</summary>
    internal string? OnlyProfile => MayNameProfiles ? null : Profile;

    /// <exception cref="InvalidOperationException">Nobody has checked who sent this request.</exception>
    internal static Caller Of(HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("The sender of this request was not checked.");

    /// <summary>The profile of a request.</summary>
    /// <param name="named">The profile that the request names; null if it names none.</param>
    /// <exception cref="AccessException">The caller may not name this profile.</exception>
    internal string ProfileOf(string? named)
    {
        if (named is null)
            return Profile ?? RoundRequest.DefaultProfile;
        return Sees(named)
            ? named
            : throw new AccessException(
                ProblemKind.OtherProfile,
                $"This key is for the profile {Profile} alone: name that one or none, or use a key that was made with --any-profile."
            );
    }

    /// <summary>Whether the caller may know of a profile's rounds.</summary>
    internal bool Sees(string profile) => MayNameProfiles || profile == Profile;

    /// <summary>Whether the caller may know of a round that is no longer open. Only its id is left then, which tells the profile.</summary>
    internal bool Sees(Guid round) => MayNameProfiles || PreferenceLoop.MayBelongTo(round, Profile!);
}
