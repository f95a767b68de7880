using System.Text.Json.Serialization;

namespace OnlineRlhf.Daemon.Cli.Doctor;

/// <summary>The doctor's finding about one part.</summary>
/// <param name="Part">The part that was checked.</param>
/// <param name="Fine">Whether the part needs no action.</param>
/// <param name="Description">The condition of the part, and what to do if it is not fine.</param>
internal sealed record Finding(string Part, bool Fine, [property: JsonPropertyName("says")] string Description)
{
    internal static Finding Good(string part, string says) => new(part, true, says);

    internal static Finding Wrong(string part, string says) => new(part, false, says);
}
