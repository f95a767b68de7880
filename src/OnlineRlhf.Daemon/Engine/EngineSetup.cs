using System.Globalization;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Engine;

/// <summary>
/// Determines which build and how many threads decode a model on this machine: from the settings, from a kept choice, or by measuring.
/// </summary>
internal sealed class EngineSetup
{
    private readonly DaemonOptions _options;
    private readonly LlamaNatives _natives;
    private readonly string? _state;
    private readonly string _model,
        _conditions;

    /// <param name="options">The settings.</param>
    /// <param name="path">The path of the model file.</param>
    /// <param name="state">The folder in which the choice is kept; null to keep none.</param>
    /// <exception cref="ModelFileException">The model file cannot be used.</exception>
    /// <exception cref="InferenceException">llama.cpp is missing.</exception>
    internal EngineSetup(DaemonOptions options, string path, string? state)
    {
        (_options, _state, _natives) = (options, state, LlamaNatives.Find(options.Natives));
        _model = GgufFile.Open(path).Fingerprint;
        // With other settings there are other choices, so the builds are measured again.
        string settings = string.Create(CultureInfo.InvariantCulture, $"{options.Candidates}-{options.Threads}-{options.CpuVariant ?? "any"}");
        _conditions = $"{ProcessorIdentity.Of(_natives)}-{settings}";
    }

    /// <summary>The file in which the choice is kept.</summary>
    internal string KeptIn => EngineChoiceFile.PathOf(_state!, _model);

    /// <summary>llama.cpp's version.</summary>
    internal string Version => _natives.Version;

    /// <summary>The build that is used without a choice.</summary>
    internal string UsualBuild => _options.CpuVariant ?? _natives.Builds.FirstOrDefault("none");

    /// <summary>Whether the settings and the machine leave a choice.</summary>
    internal bool IsOpen => Selection(static (_, _) => { }).IsOpen;

    /// <summary>The kept choice; null if there is none.</summary>
    internal EngineChoice? Kept() => _state is null || !IsOpen ? null : EngineChoiceFile.Read(_state, _model, _conditions);

    /// <summary>Measures builds and numbers of threads.</summary>
    /// <param name="notTaken">Called with each build that failed, and the reason.</param>
    /// <param name="cancellationToken">Ends the measuring.</param>
    /// <returns>
    /// The choice; null if there is nothing to choose, if the settings demand a GPU, or if nothing could be measured. Then the model is
    /// loaded as usual.
    /// </returns>
    internal async Task<EngineChoice?> TryAsync(Action<string, string> notTaken, CancellationToken cancellationToken)
    {
        EngineSelection selection = Selection(notTaken);
        return selection.IsOpen && !_options.InsistsOnGpu ? await selection.RunAsync(cancellationToken).ConfigureAwait(false) : null;
    }

    /// <summary>Keeps a choice for the next start.</summary>
    /// <exception cref="StateException">The choice cannot be written.</exception>
    internal void Keep(EngineChoice choice) => EngineChoiceFile.Write(_state!, _model, _conditions, choice);

    /// <summary>Puts the choice into the options of the model.</summary>
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
