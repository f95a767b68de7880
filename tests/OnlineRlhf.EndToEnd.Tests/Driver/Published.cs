namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>
/// The published programs that the tests drive: nothing of this repository is linked into the tests, but what reads the state that they leave.
/// </summary>
internal static class Published
{
    internal const string Variable = "ONLINERLHF_PUBLISHED",
        Arm64Variable = "ONLINERLHF_PUBLISHED_ARM64";

    /// <summary>The program for this machine; empty where it was not published.</summary>
    internal static string Path { get; } = Environment.GetEnvironmentVariable(Variable) ?? "";

    /// <summary>The program for arm64; empty where it was not published.</summary>
    internal static string Arm64Path { get; } = Environment.GetEnvironmentVariable(Arm64Variable) ?? "";

    /// <summary>Why the tests cannot run; null where they can. In CI they must: there they run and fail.</summary>
    internal static string? Missing { get; } =
        File.Exists(Path) || Environment.GetEnvironmentVariable("CI") == "true"
            ? null
            : $"Set {Variable} to the published program, as ./test.sh does: "
                + "dotnet publish -c Release -r linux-x64 src/OnlineRlhf.Daemon -o artifacts/publish/linux-x64, then its absolute "
                + "path with /onlinerlhf behind it.";
}
