using OnlineRlhf.Daemon.Http;

namespace OnlineRlhf.Daemon.Cli.Learn;

/// <summary>The daemon refuses a request for a reason that would apply to every line.</summary>
internal sealed class RefusedException(DaemonClient.Reply reply) : Exception
{
    internal DaemonClient.Reply Reply { get; } = reply;

    internal ProblemBody? Problem => Reply.TryRead(WireJson.Complete.ProblemBody);
}
