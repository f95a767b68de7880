namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>What people ask at home; none of it is in the calibration set.</summary>
internal static class EverydayRequests
{
    internal static IReadOnlyList<string> All { get; } = Read();

    private static string[] Read()
    {
        using var reader = new StreamReader(typeof(EverydayRequests).Assembly.GetManifestResourceStream("everyday-requests.txt")!);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
