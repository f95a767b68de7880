namespace OnlineRlhf.Learning.Tests;

/// <summary>The tests that take minutes run only when ONLINERLHF_LONG_TESTS is 1.</summary>
internal static class LongForm
{
    public const string Reason = "takes minutes: set ONLINERLHF_LONG_TESTS=1 to run it";

    public static bool IsWanted => Environment.GetEnvironmentVariable("ONLINERLHF_LONG_TESTS") == "1";
}
