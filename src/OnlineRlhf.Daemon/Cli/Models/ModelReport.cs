using System.Globalization;
using System.Text.Json.Serialization;
using OnlineRlhf.Daemon.Cli.Watch;
using OnlineRlhf.Inference;

namespace OnlineRlhf.Daemon.Cli.Models;

/// <summary>
/// What onlinerlhf model check prints as JSON. Sizes are in bytes: of the model, of one profile's learner, of the program itself, and of the memory
/// that the service may take.
/// </summary>
internal sealed record ModelReport(
    string File,
    string Architecture,
    string Name,
    string Fingerprint,
    long FileBytes,
    string Quantisation,
    int EmbeddingLength,
    int Layers,
    int TrainedContext,
    int ContextTokens,
    int Candidates,
    string? ChatTemplateProblem,
    int Features,
    IReadOnlyList<string> StyleHints,
    ModelMemory ModelBytes,
    long LearnerBytes,
    long ProgramBytes,
    long NeededBytes,
    long UsableBytes,
    long AvailableBytes,
    bool Fits,
    int Files,
    string? ChatTemplateNote,
    string? Thinking
)
{
    // Measured: private memory besides model, buffers and state, and the pages of the program file and of llama.cpp's libraries.
    private const long Program = 28 << 20;

    internal static ModelReport Of(string path, ModelInspection model, int candidates, DeviceMemory device)
    {
        long learner = Learner(model.Dimension),
            needed = model.Memory.Total + learner + Program;
        return new ModelReport(
            path,
            model.File.Architecture,
            model.Name,
            model.File.Fingerprint,
            model.File.FileLength,
            model.File.Quantisation,
            model.File.EmbeddingLength,
            model.File.BlockCount,
            model.File.ContextLength,
            model.ContextTokens,
            candidates,
            model.TemplateProblem,
            model.Dimension,
            model.Hints,
            model.Memory,
            learner,
            Program,
            needed,
            device.Usable,
            device.Available,
            needed <= device.Usable,
            model.File.Parts,
            model.TemplateNote,
            model.Thinking
        );
    }

    internal IEnumerable<string> Lines()
    {
        yield return $"model      {TerminalText.Line(Name)}, {TerminalText.Line(Architecture)}, "
            + $"{Quantisation}, {Size(FileBytes)}{(Files > 1 ? $" in {Files} files" : "")}";
        yield return $"shape      {Layers} layers, hidden states of {EmbeddingLength}, trained for {TrainedContext} tokens; "
            + $"served with a context of {ContextTokens} and {Plural.Of(Candidates, "candidate")}";
        yield return $"template   {ChatTemplateProblem ?? ChatTemplateNote ?? "known"}";
        if (Thinking is not null)
            yield return $"thinking   {Thinking}";
        yield return $"learner    {Features} features";
        yield return StyleHints.Count > 0
            ? $"hints      {Plural.Of(StyleHints.Count, "style hint")}: {string.Join(" ", StyleHints.Select(TerminalText.Line))}"
            : "hints      none: the setting says so, or the model was never taught to follow them";
        yield return $"memory     {Size(ModelBytes.Weights)} weights + {Size(ModelBytes.Cache)} keys and values "
            + $"+ {Size(ModelBytes.Buffers)} buffers + {Size(ModelBytes.Conversations)} kept conversations + {Size(LearnerBytes)} learner, "
            + $"each profile in use + {Size(ProgramBytes)} program = {Size(NeededBytes)}";
        if (!Fits)
            yield return $"device     it does not fit: the service may take {Size(UsableBytes)} here. "
                + "Lower context, conversations, candidates or max_tokens, or take a smaller model or quantisation.";
        else if (NeededBytes > AvailableBytes)
            yield return $"device     it fits into the {Size(UsableBytes)} that the service may take, but only {Size(AvailableBytes)} are free now: "
                + "end other programs first, or the daemon that runs.";
        else
            yield return $"device     it fits: {Size(AvailableBytes)} are free, the service may take {Size(UsableBytes)}";
    }

    internal static string Size(long bytes) =>
        bytes switch
        {
            >= 10L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):F0} GiB"),
            >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):F1} GiB"),
            >= 10L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):F0} MiB"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):F1} MiB"),
        };

    /// <summary>
    /// The memory of one learner: twice the norm's packed factor, and the ring's d differences of d numbers. The factor is in the learner, and is
    /// copied while a checkpoint is written.
    /// </summary>
    private static long Learner(long features) => (2 * sizeof(double) * features * (features + 1) / 2) + (sizeof(float) * features * features);
}

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true
)]
[JsonSerializable(typeof(ModelReport))]
internal sealed partial class ModelJson : JsonSerializerContext;
