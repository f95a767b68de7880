namespace OnlineRlhf.Daemon.Http.Access;

/// <summary>
/// Marks a route that governs keys or profiles. It answers only on the Unix socket, and only to root, the daemon's user and the group of the setting
/// control_group.
/// </summary>
internal sealed class ControlRoute;
