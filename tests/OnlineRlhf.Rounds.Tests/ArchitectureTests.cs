using System.Text.RegularExpressions;
using System.Xml.Linq;
using OnlineRlhf.Rounds.Feedback;
using OnlineRlhf.Rounds.Pipeline;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>
/// The arrows between the parts, and the one path that samples, selects, stores and learns. Read from the source, so that a second path cannot hide
/// in a new project.
/// </summary>
public sealed partial class ArchitectureTests
{
    private static readonly string Source = Path.Combine(Checkout.Root, "src");

    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Learning"] = [],
        ["Inference"] = [],
        ["Hardware"] = [],
        ["Storage"] = ["Learning"],
        ["Rounds"] = ["Learning", "Inference", "Storage"],
        ["DataSets"] = ["Inference"],
        ["Simulation"] = ["Rounds"],
        ["Daemon"] = ["Rounds", "DataSets", "Simulation", "Hardware"],
        ["Experiments"] = ["Rounds", "DataSets", "Simulation", "Learning", "Inference"],
    };

    public static TheoryData<string, string> OnePath =>
        new()
        {
            { @"\.Sample\(", "OnlineRlhf.Rounds/Pipeline/RoundPipeline.cs" },
            { @"\.Force\(", "OnlineRlhf.Rounds/Feedback/ComparisonHandler.cs" },
            { @"ExplorationRule\.Select\(", "OnlineRlhf.Rounds/Pipeline/RoundPipeline.cs" },
            { @"\.IsUseful\(", "OnlineRlhf.Rounds/Pipeline/RoundPipeline.cs" },
            { @"\.Append\(round, ", "OnlineRlhf.Rounds/Profiles/Profile.cs" },
            { @"ProfileStore\.Open\(", "OnlineRlhf.Rounds/Profiles/Profile.cs" },
        };

    [Fact]
    public void Parts_reference_only_what_the_design_allows()
    {
        foreach (string project in Directory.EnumerateFiles(Source, "*.csproj", SearchOption.AllDirectories))
        {
            string part = Path.GetFileNameWithoutExtension(project).Replace("OnlineRlhf.", "", StringComparison.Ordinal);
            Assert.True(Arrows.ContainsKey(part), $"{part} is no part of the design: add it to the arrows knowingly");
            foreach (XElement reference in XDocument.Load(project).Descendants("ProjectReference"))
                Assert.Contains(
                    Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value).Replace("OnlineRlhf.", "", StringComparison.Ordinal),
                    Arrows[part]
                );
        }
    }

    [Theory]
    [MemberData(nameof(OnePath))]
    public void Only_one_place_samples_selects_stores_and_learns(string call, string place)
    {
        string[] callers = [.. Code().Where(f => Regex.IsMatch(f.Text, call) && !IsExperiment(f.Name, call)).Select(f => f.Name)];
        Assert.Equal(place, Assert.Single(callers));
        Assert.InRange(Regex.Count(Code().Single(f => f.Name == place).Text, call), 1, 2);
    }

    [Fact]
    public void Only_the_store_teaches_the_learner()
    {
        string[] callers =
        [
            .. Code()
                .Where(f => f.Text.Contains(".Observe(", StringComparison.Ordinal) && !IsExperiment(f.Name, "Observe"))
                .Select(f => f.Name.Split('/')[0])
                .Distinct(),
        ];
        Assert.Equal("OnlineRlhf.Storage", Assert.Single(callers));
    }

    [Fact]
    public void The_learner_knows_no_file_socket_clock_or_random_number()
    {
        foreach ((string name, string text) in Code().Where(f => f.Name.StartsWith("OnlineRlhf.Learning/", StringComparison.Ordinal)))
            Assert.False(Forbidden().IsMatch(text), name);
    }

    /// <summary>
    /// Experiments compare learners and rules where there is no language model and no person: they may choose and learn there. Whatever samples or
    /// stores goes the one path.
    /// </summary>
    private static bool IsExperiment(string name, string call) =>
        name.StartsWith("OnlineRlhf.Experiments/", StringComparison.Ordinal)
        && (call == "Observe" || call.StartsWith("ExplorationRule", StringComparison.Ordinal));

    private static IEnumerable<(string Name, string Text)> Code() =>
        from file in Directory.EnumerateFiles(Source, "*.cs", SearchOption.AllDirectories)
        let name = Path.GetRelativePath(Source, file)
        let lines = File.ReadLines(file).Where(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal))
        select (name, string.Join('\n', lines));

    [GeneratedRegex(@"System\.IO|File\.|Socket|DateTime|Stopwatch|TimeProvider|\bRandom\b")]
    private static partial Regex Forbidden();
}
