using OnlineRlhf.Benchmarks.Reporting;
namespace OnlineRlhf.Benchmarks.Tastes;
internal static class TasteBenchmark
{
    internal static void Run(Report report, string? model, string? candidates, int threads, int requests) { }
}
