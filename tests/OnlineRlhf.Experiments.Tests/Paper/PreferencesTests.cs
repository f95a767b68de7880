using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Settings;

namespace OnlineRlhf.Experiments.Tests.Paper;

/// <summary>From a file of pairs to the report's part on people's preferences, on pairs of which the shorter answer is the better one.</summary>
public sealed class PreferencesTests : IDisposable
{
    private const string Marker = "zebrafinch";
    private const int Pairs = 120;

    private readonly string _folder = Directory.CreateTempSubdirectory("preferences").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact(Timeout = 300_000)]
    public async Task Pairs_become_features_without_text_and_features_a_report()
    {
        string data = Path.Combine(_folder, "pairs.jsonl"),
            features = Path.Combine(_folder, "pairs.features"),
            output = Path.Combine(_folder, "paper");
        await File.WriteAllLinesAsync(data, [.. Enumerable.Range(0, Pairs).Select(Line), "no pair"], TestContext.Current.CancellationToken);

        (int code, string said) = await ExperimentsProgram.RunAsync("features", data, "--output", features, "--threads", "1");
        Assert.True(code == 0, said);
        Assert.Contains($"{Pairs} pairs of {Pairs} prompts, 1 skipped", said, StringComparison.Ordinal);
        Assert.DoesNotContain(
            Marker,
            await File.ReadAllTextAsync(features, System.Text.Encoding.Latin1, TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );

        (code, said) = await ExperimentsProgram.RunAsync("paper", "--quick", "--part", "preferences", "--features", features, "--output", output);
        // What these pairs are decided by is their length, and that it is told where a claim does not hold.
        Assert.True(code == 1 && said.Contains("Written: ", StringComparison.Ordinal), said);
        Assert.Contains(
            "DOES NOT HOLD  On human preferences the exact learner foresees more than the answers' length alone",
            said,
            StringComparison.Ordinal
        );
        JsonObject numbers = JsonNode
            .Parse(await File.ReadAllTextAsync(Path.Combine(output, "numbers-preferences.json"), TestContext.Current.CancellationToken))!
            .AsObject();
        Assert.True(Mean("exact one-pass", "accuracy@all") > 0.95, said);
        Assert.True(Mean("exact one-pass", "served") > 0.8, said);
        Assert.True(Mean("Active-OMD", "accuracy@50") > 0.9, said);
        Assert.InRange(Mean("exact one-pass, shuffled labels", "accuracy@all"), 0.3, 0.7);
        string report = await File.ReadAllTextAsync(Path.Combine(output, "report-preferences.md"), TestContext.Current.CancellationToken);
        Assert.Contains("| Active-MLE |", report, StringComparison.Ordinal);
        Assert.Contains("preferences-calibration-preferences.svg", report, StringComparison.Ordinal);

        double Mean(string variant, string number) =>
            numbers.Where(n => n.Key.Split('/')[^2] == variant).Average(n => n.Value![number]!.GetValue<double>());
    }

    [Fact]
    public async Task What_are_no_features_is_told()
    {
        string file = Path.Combine(_folder, "some.features");
        await File.WriteAllTextAsync(file, "something else", TestContext.Current.CancellationToken);
        (int code, string said) = await ExperimentsProgram.RunAsync("paper", "--features", file, "--output", Path.Combine(_folder, "paper"));
        Assert.NotEqual(0, code);
        Assert.Contains("is no file of the features verb", said, StringComparison.Ordinal);
    }

    [Fact]
    public void No_prompt_is_learned_from_and_tested_on()
    {
        const int pairs = 100;
        PreferenceFeatures features = Made([.. Enumerable.Range(0, pairs).Select(i => i / 4)], new float[pairs]);
        (int[] train, int[] test) = HumanPreferences.Split(features, seed: 3);
        Assert.Empty(train.Select(i => features.Prompts[i]).Intersect(test.Select(i => features.Prompts[i])));
        Assert.Equal(Enumerable.Range(0, pairs), train.Concat(test).Order());
        Assert.Equal(pairs / 4, test.Length, 4.0);
    }

    [Theory]
    [InlineData("finite", 20, float.NaN)]
    [InlineData("at least 8", 3, 1)]
    public void Features_that_nothing_can_be_learned_from_are_refused(string says, int prompts, float value)
    {
        string file = Path.Combine(_folder, "bad.features");
        float[] differences = new float[40];
        differences[7] = value;
        Made([.. Enumerable.Range(0, 40).Select(i => i % prompts)], differences).Write(file);
        Assert.Contains(says, Assert.Throws<IOException>(() => PreferenceFeatures.Read(file)).Message, StringComparison.Ordinal);
    }

    private static PreferenceFeatures Made(int[] prompts, float[] differences) =>
        new()
        {
            Model = "m",
            Fingerprint = "f",
            Dimension = 1,
            Skipped = 0,
            Prompts = prompts,
            Lengths = new float[prompts.Length],
            Differences = differences,
        };

    private static string Line(int n) =>
        JsonSerializer.Serialize(
            new Dictionary<string, string>
            {
                ["prompt"] = string.Create(CultureInfo.InvariantCulture, $"What should I know of plant {n}?"),
                ["chosen"] = $"It likes {(n % 2 == 0 ? "sun" : "shade")}.",
                ["rejected"] =
                    $"Well, that depends on a great many things, of which a {Marker} could tell you more than I, and all of them "
                    + $"take their time to be told in full, number {n} above all.",
            }
        );
}
