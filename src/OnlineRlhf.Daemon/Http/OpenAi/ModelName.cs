using OnlineRlhf.Daemon.Http.Access;
using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Http.OpenAi;

/// <summary>
/// The name of a model says whose taste decides: onlinerlhf, or onlinerlhf:PROFILE. With -pair at its end, the daemon shows both answers when asking
/// is useful.
/// </summary>
internal static class ModelName
{
    internal const string Default = "onlinerlhf",
        Pair = "-pair";

    /// <summary>
    /// The profile of a model's name. A name that does not begin with onlinerlhf is that of another program's default, and means the caller's own
    /// profile.
    /// </summary>
    /// <exception cref="OpenAiException">The name begins like one of ours, and is none.</exception>
    /// <exception cref="AccessException">The caller may not name this profile.</exception>
    internal static string Profile(string? model, Caller caller)
    {
        if (IsPair(model))
            model = model![..^Pair.Length];
        if (string.IsNullOrEmpty(model) || !model.StartsWith(Default, StringComparison.OrdinalIgnoreCase) || model.Length == Default.Length)
            return caller.ProfileOf(null);
        string profile = model[(Default.Length + 1)..];
        if (model[Default.Length] != ':' || !RoundRequest.IsName(profile))
            throw Unknown();
        return caller.ProfileOf(profile);
    }

    /// <summary>Whether both answers are shown in one message.</summary>
    internal static bool IsPair(string? model) =>
        model is not null
        && model.StartsWith(Default, StringComparison.OrdinalIgnoreCase)
        && model.EndsWith(Pair, StringComparison.OrdinalIgnoreCase);

    internal static OpenAiException Unknown() =>
        new(
            $"There is no such model: use {Default}, or {Default}:PROFILE with a profile's name. {Pair} at the end shows both answers.",
            "model",
            "model_not_found",
            StatusCodes.Status404NotFound
        );
}
