namespace OnlineRlhf.Daemon.Cli.Doctor;

/// <summary>What the doctor says of one part.</summary>
/// <param name="Part">What was looked at.</param>
/// <param name="Fine">Whether nothing has to be done.</param>
/// <param name="Says">How it is; where it is not fine, what to do.</param>
internal sealed record Finding(string Part, bool Fine, string Says)
{
    internal static Finding Good(string part, string says) => new(part, true, says);

    internal static Finding Wrong(string part, string says) => new(part, false, says);
}
