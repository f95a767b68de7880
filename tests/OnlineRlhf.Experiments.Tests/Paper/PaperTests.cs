using System.Diagnostics;
using OnlineRlhf.Experiments.Cells;

namespace OnlineRlhf.Experiments.Tests.Paper;

/// <summary>The report as a user makes it: the program itself, its quick form, whose claims are checked on paired seeds.</summary>
public sealed class PaperTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("paper").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact(Timeout = 600_000)]
    public async Task The_quick_report_holds_and_its_shares_and_a_killed_run_give_the_same_numbers()
    {
        string whole = Path.Combine(_folder, "whole"),
            shared = Path.Combine(_folder, "shared");
        // The part about κ takes a third of the time.
        string[] parts =
            Environment.GetEnvironmentVariable("ONLINERLHF_LONG_TESTS") == "1"
                ? []
                : ["--part", "deployment", "active", "passive", "loop", "chunks", "cost"];

        // Killed in the middle, and run again: what was computed is kept.
        using (Process first = ExperimentsProgram.Start(["paper", "--quick", "--output", whole, .. parts]))
        {
            string results = Path.Combine(whole, "results-quick");
            while (!first.HasExited && (!Directory.Exists(results) || Directory.EnumerateFiles(results, "*.json").Take(100).Count() < 100))
                await Task.Delay(50, TestContext.Current.CancellationToken);
            first.Kill();
            await first.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        (int code, string output) = await ExperimentsProgram.RunAsync(["paper", "--quick", "--output", whole, .. parts]);
        Assert.True(code == 0, output);
        Assert.Matches(@"\d+ of \d+ cells are there already", output);
        Assert.DoesNotContain("DOES NOT HOLD", output, StringComparison.Ordinal);
        Assert.Contains("shuffled", await ReadAsync(Directory.GetFiles(whole, "numbers*.json").Single()), StringComparison.Ordinal);

        // A share computes its cells and no others, bit for bit as the whole run did.
        (code, output) = await ExperimentsProgram.RunAsync(["paper", "--quick", "--output", shared, "--job", "2/40", .. parts]);
        Assert.True(code == 0, output);
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(shared, "results-quick")).Select(f => Path.GetFileName(f)!)];
        Assert.InRange(files.Length, 1, Directory.GetFiles(Path.Combine(whole, "results-quick")).Length / 30);
        foreach (string file in files)
            Assert.Equal(Numbers(await ReadAsync(whole, "results-quick", file)), Numbers(await ReadAsync(shared, "results-quick", file)));
        Assert.Empty(Directory.GetFiles(shared, "report*.md"));

        string report = await ReadAsync(Directory.GetFiles(whole, "report*.md").Single());
        foreach (string picture in Directory.EnumerateFiles(whole, "*.svg").Select(f => Path.GetFileName(f)!))
            Assert.Contains($"({picture})", report, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--job takes K/N", "--job", "0/4")]
    [InlineData("--workers must be at least 1", "--workers", "0")]
    [InlineData("'abc'", "--workers", "abc")]
    [InlineData("--features FILE", "--part", "preferences")]
    public async Task A_wrong_argument_is_told(string says, params string[] arguments)
    {
        (int code, string output) = await ExperimentsProgram.RunAsync(["paper", .. arguments]);
        Assert.NotEqual(0, code);
        Assert.Contains(says, output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_result_of_another_build_is_computed_anew()
    {
        var cell = new Cell("e", "v", 1, _ => throw new InvalidOperationException());
        var result = new Result("a", "machine", "e", "v", 1, new() { ["x"] = 0.1 }, []);
        new ResultFolder(_folder, "a", isQuick: false).Write(cell, result);
        Assert.Equal(0.1, new ResultFolder(_folder, "a", isQuick: false).Find(cell)!.Numbers["x"]);
        Assert.Null(new ResultFolder(_folder, "b", isQuick: false).Find(cell));
    }

    [Fact]
    public void The_quick_form_and_the_full_one_keep_their_results_apart()
    {
        var cell = new Cell("e", "v", 1, _ => throw new InvalidOperationException());
        new ResultFolder(_folder, "a", isQuick: true).Write(cell, new Result("a", "machine", "e", "v", 1, new() { ["x"] = 0.1 }, []));
        Assert.Null(new ResultFolder(_folder, "a", isQuick: false).Find(cell));
    }

    [Fact]
    public void A_result_of_another_cell_is_refused()
    {
        var cell = new Cell("e", "v", 1, _ => throw new InvalidOperationException());
        var folder = new ResultFolder(_folder, "a", isQuick: false);
        folder.Write(cell, new Result("a", "machine", "e", "other", 1, new() { ["x"] = 0.1 }, []));
        Assert.Contains("another cell", Assert.Throws<IOException>(() => folder.Find(cell)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_torn_result_is_named_in_the_error()
    {
        var cell = new Cell("e", "v", 1, _ => throw new InvalidOperationException());
        var folder = new ResultFolder(_folder, "a", isQuick: false);
        folder.Write(cell, new Result("a", "machine", "e", "v", 1, new() { ["x"] = 0.1 }, []));
        string file = Directory.GetFiles(Path.Combine(_folder, "results")).Single();
        File.WriteAllText(file, File.ReadAllText(file)[..30]);
        Assert.Contains(file, Assert.Throws<IOException>(() => folder.Find(cell)).Message, StringComparison.Ordinal);
    }

    private static string Numbers(string result) => System.Text.Json.Nodes.JsonNode.Parse(result)!["numbers"]!.ToJsonString();

    private static Task<string> ReadAsync(params string[] path) => File.ReadAllTextAsync(Path.Combine(path), TestContext.Current.CancellationToken);
}
