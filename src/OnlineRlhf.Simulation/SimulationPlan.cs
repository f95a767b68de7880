using System.Text.Json;
using System.Text.Json.Serialization;

namespace OnlineRlhf.Simulation;

/// <summary>
/// The plan of a simulation: what simulated people like, how strongly, and which topics they ask about. It is one file (simulation.json) for the
/// demo, the tests and the benchmarks.
/// </summary>
/// <param name="Candidates">The number of candidates, n.</param>
/// <param name="Temperature">The sampling temperature.</param>
/// <param name="MaxTokens">The most tokens of one answer.</param>
/// <param name="Tastes">The named tastes: weights of the properties in <see cref="TextProperties"/>, in log odds.</param>
/// <param name="Phrases">Phrases that mark a tone.</param>
/// <param name="TrainTopics">Requests to learn from, by topic.</param>
/// <param name="TestTopics">Requests that are only used to measure, by topic.</param>
public sealed record SimulationPlan(
    int Candidates,
    float Temperature,
    int MaxTokens,
    IReadOnlyDictionary<string, PlannedTaste> Tastes,
    IReadOnlyDictionary<string, string[]> Phrases,
    IReadOnlyDictionary<string, string[]> TrainTopics,
    IReadOnlyDictionary<string, string[]> TestTopics
)
{
    private static readonly Lazy<SimulationPlan> Embedded = new(() =>
    {
        using Stream file = typeof(SimulationPlan).Assembly.GetManifestResourceStream("simulation.json")!;
        return JsonSerializer.Deserialize(file, SimulationJson.Default.SimulationPlan)!;
    });

    /// <summary>The plan that ships with the program.</summary>
    public static SimulationPlan Default => Embedded.Value;

    /// <summary>Finds a taste by its name.</summary>
    /// <exception cref="ArgumentException">No taste has that name.</exception>
    public Taste Taste(string name) =>
        Tastes.TryGetValue(name, out PlannedTaste? planned)
            ? new Taste(name, planned.Description, planned.Weights)
            : throw new ArgumentException($"There is no taste named {name}: use one of {string.Join(", ", Tastes.Keys)}, any or random.");

    /// <summary>Chooses one of the named tastes by the seed.</summary>
    public Taste AnyTaste(int seed) => Taste(Tastes.Keys.ElementAt((int)(unchecked((uint)(seed - 1)) % (uint)Tastes.Count)));

    /// <summary>A taste without a name: two random properties, each liked or disliked.</summary>
    public static Taste RandomTaste(int seed)
    {
        var random = new Random(seed);
        string[] properties = [.. TextProperties.Liked.Keys];
        random.Shuffle(properties);
        Dictionary<string, double> weights = [];
        List<string> says = [];
        foreach (string property in properties.Take(2))
        {
            bool likes = random.Next(2) == 0;
            (double weight, string liked, string disliked) = TextProperties.Liked[property];
            weights[property] = likes ? weight : -weight;
            says.Add(likes ? liked : disliked);
        }
        return new Taste("random", string.Join(", and ", says), weights);
    }

    /// <summary>The requests of some topics in random order. Every topic occurs once before any topic occurs twice.</summary>
    public static IReadOnlyList<string> Shuffle(IReadOnlyDictionary<string, string[]> topics, int seed)
    {
        ArgumentNullException.ThrowIfNull(topics);
        var random = new Random(seed);
        List<string[]> decks = [];
        foreach (string[] requests in topics.Values)
        {
            string[] deck = [.. requests];
            random.Shuffle(deck);
            decks.Add(deck);
        }
        List<string> order = [];
        for (int i = 0; i < decks.Max(d => d.Length); i++)
        {
            string[] layer = [.. decks.Where(d => i < d.Length).Select(d => d[i])];
            random.Shuffle(layer);
            order.AddRange(layer);
        }
        return order;
    }
}

/// <summary>A taste as the plan describes it.</summary>
/// <param name="Description">The taste in words.</param>
/// <param name="Weights">The weight of each property, in log odds.</param>
public sealed record PlannedTaste([property: JsonPropertyName("says")] string Description, IReadOnlyDictionary<string, double> Weights);

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SimulationPlan))]
internal sealed partial class SimulationJson : JsonSerializerContext;
