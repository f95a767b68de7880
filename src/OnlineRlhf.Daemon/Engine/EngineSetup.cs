using System.Globalization;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Engine;

/// <summary>Which build and how many threads a model is decoded with here: as the settings say, as was kept, or as a try shows.</summary>
internal sealed class EngineSetup
{
    private readonly DaemonOptions _options;
    private readonly LlamaNatives _natives;
    private readonly string? _state;
    private readonly string _model,
        _conditions;

    /// <param name="options">The settings.</param>
    /// <param name="path">The model's file.</param>
    /// <param name="state">The folder that the choice is kept in; null for none.</param>
    /// <exception cref="ModelFileException">The model's file cannot be used.</exception>
    /// <exception cref="InferenceException">llama.cpp is missing.</exception>
    internal EngineSetup(DaemonOptions options, string path, string? state)
    {
        (_options, _state, _natives) = (options, state, LlamaNatives.Find(options.Natives));
        _model = GgufFile.Open(path).Fingerprint;
        // Other settings leave another choice: it is tried anew.
        string settings = string.Create(CultureInfo.InvariantCulture, $"{options.Candidates}-{options.Threads}-{options.CpuVariant ?? "any"}");
        _conditions = $"{ProcessorIdentity.Of(_natives)}-{settings}";
    }

    /// <summary>Where the choice is kept.</summary>
    internal string KeptIn => EngineChoiceFile.PathOf(_state!, _model);

    /// <summary>llama.cpp's version.</summary>
    internal string Version => _natives.Version;

    /// <summary>The build where nothing is chosen.</summary>
    internal string UsualBuild => _options.CpuVariant ?? _natives.Builds.FirstOrDefault("none");

    /// <summary>Whether the settings and the machine leave a choice.</summary>
    internal bool IsOpen => Selection(static (_, _) => { }).IsOpen;

    /// <summary>What was chosen and kept; null for nothing.</summary>
    internal EngineChoice? Kept() => _state is null || !IsOpen ? null : EngineChoiceFile.Read(_state, _model, _conditions);

    /// <summary>Tries builds and threads.</summary>
    /// <param name="notTaken">Told of a build that failed, and why.</param>
    /// <param name="cancellationToken">Ends the try.</param>
    /// <returns>
    /// Null where there is no choice, where a GPU is insisted on, or where nothing could be measured: then the model is loaded as usual.
    /// </returns>
    internal async Task<EngineChoice?> TryAsync(Action<string, string> notTaken, CancellationToken cancellationToken)
    {
        EngineSelection selection = Selection(notTaken);
        return selection.IsOpen && !_options.InsistsOnGpu ? await selection.RunAsync(cancellationToken).ConfigureAwait(false) : null;
    }

    /// <summary>Keeps a choice for the next start.</summary>
    /// <exception cref="StateException">It cannot be written.</exception>
    internal void Keep(EngineChoice choice) => EngineChoiceFile.Write(_state!, _model, _conditions, choice);

    /// <summary>The model with what was chosen.</summary>
    internal static LanguageModelOptions Apply(EngineChoice? choice, LanguageModelOptions options) =>
        choice is null ? options : options with { CpuVariant = choice.Chosen.CpuVariant, Threads = choice.Chosen.Threads };

    private EngineSelection Selection(Action<string, string> notTaken)
    {
        var child = new BenchProcess(_options);
        IReadOnlyList<string> builds = _options.CpuVariant is { } set ? [set] : [.. _natives.Contenders.Take(EngineSelection.MostBuilds)];
        return new EngineSelection(
            builds,
            _options.Threads,
            ProcessorCores.Count(),
            (build, threads, limit, cancellationToken) => child.RunAsync("cpu", build, threads, limit, cancellationToken),
            notTaken
        );
    }
}
