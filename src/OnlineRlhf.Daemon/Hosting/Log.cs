using System.Net;
using OnlineRlhf.Hardware;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>All log lines of the daemon. None contains any text of a prompt or an answer.</summary>
internal static partial class Log
{
    /// <summary>The category of all lines: the name of the program instead of a class.</summary>
    internal const string Category = "onlinerlhf";

    [LoggerMessage(1, LogLevel.Information, "Listening on {Socket}; state in {State}")]
    internal static partial void Listening(this ILogger logger, string socket, string state);

    [LoggerMessage(30, LogLevel.Information, "Listening on {Address} too, where each request needs a key: onlinerlhf key add makes one")]
    internal static partial void ListeningToo(this ILogger logger, EndPoint address);

    [LoggerMessage(31, LogLevel.Error, "No key is accepted: {Reason}")]
    internal static partial void KeysNotRead(this ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Information, "Ready: {Model}, {Dimension} features, {Threads}, loaded in {Milliseconds} ms")]
    internal static partial void Ready(this ILogger logger, string model, int dimension, string threads, long milliseconds);

    [LoggerMessage(3, LogLevel.Warning, "The service manager cannot be told: {Reason}")]
    internal static partial void NotNotified(this ILogger logger, string reason);

    [LoggerMessage(4, LogLevel.Information, "Profile {Profile}: {Comparisons}")]
    internal static partial void ProfileOpened(this ILogger logger, string profile, string comparisons);

    [LoggerMessage(5, LogLevel.Error, "Profile {Profile}: {Reason}")]
    internal static partial void ProfileRecovered(this ILogger logger, string profile, string reason);

    [LoggerMessage(6, LogLevel.Error, "A request failed: {Reason}")]
    internal static partial void RequestFailed(this ILogger logger, string reason);

    [LoggerMessage(7, LogLevel.Error, "A request failed unexpectedly")]
    internal static partial void RequestBroke(this ILogger logger, Exception exception);

    [LoggerMessage(8, LogLevel.Information, "Stopping")]
    internal static partial void Stopping(this ILogger logger);

    [LoggerMessage(9, LogLevel.Warning, "{Variable} in the environment is no setting: see onlinerlhf serve --help")]
    internal static partial void UnknownVariable(this ILogger logger, string variable);

    [LoggerMessage(10, LogLevel.Information, "Buttons and lamps: {Chip} is open")]
    internal static partial void BoardOpened(this ILogger logger, string chip);

    [LoggerMessage(11, LogLevel.Error, "Buttons and lamps: {Problem}")]
    internal static partial void BoardLost(this ILogger logger, string problem);

    [LoggerMessage(12, LogLevel.Warning, "Button {Button} is down since the start: it counts once it was let go")]
    internal static partial void ButtonHeld(this ILogger logger, Button button);

    [LoggerMessage(13, LogLevel.Error, "A press was not recorded: {Reason}")]
    internal static partial void PressNotRecorded(this ILogger logger, string reason);

    [LoggerMessage(14, LogLevel.Information, "Calibrating {Model}: once, at its first start")]
    internal static partial void Calibrating(this ILogger logger, string model);

    [LoggerMessage(15, LogLevel.Error, "The model has made no progress for {Seconds} s: the watchdog is not fed")]
    internal static partial void NoProgress(this ILogger logger, long seconds);

    [LoggerMessage(16, LogLevel.Information, "Device: {Name}{Layers}: {Why}")]
    internal static partial void Device(this ILogger logger, string name, string layers, string why);

    [LoggerMessage(19, LogLevel.Warning, "Chat template: {Note}")]
    internal static partial void TemplateAssumed(this ILogger logger, string note);

    [LoggerMessage(17, LogLevel.Information, "{Signal}: nothing is reloaded. A restart reads the settings anew")]
    internal static partial void NothingReloaded(this ILogger logger, string signal);

    [LoggerMessage(18, LogLevel.Warning, "No further connection fits ({Reason}): those that are idle are closed, and new ones may wait")]
    internal static partial void ConnectionsUsedUp(this ILogger logger, string reason);

    [LoggerMessage(21, LogLevel.Information, "CPU backend: {Choice} ({Origin})")]
    internal static partial void EngineChosen(this ILogger logger, string choice, string origin);

    [LoggerMessage(22, LogLevel.Warning, "CPU backend {Build} is not taken: {Reason}")]
    internal static partial void BuildNotTaken(this ILogger logger, string build, string reason);

    [LoggerMessage(23, LogLevel.Warning, "The choice of the CPU backend is not kept, and the next start tries again: {Reason}")]
    internal static partial void EngineNotKept(this ILogger logger, string reason);

    [LoggerMessage(
        20,
        LogLevel.Error,
        "Profile {Profile}: the damaged file is kept as it was found, in {Path}; delete it where nobody is to look into it"
    )]
    internal static partial void ProfileMovedAside(this ILogger logger, string profile, string path);
}
