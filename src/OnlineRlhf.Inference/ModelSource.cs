namespace OnlineRlhf.Inference;

/// <summary>Where a model is read from: a file, or the model that is embedded in this program.</summary>
public sealed class ModelSource : IDisposable
{
    private readonly DemoModel? _embedded;

    private ModelSource(string path, DemoModel? embedded)
    {
        Path = path;
        _embedded = embedded;
    }

    /// <summary>A path to open the model by; valid only in this process, and until disposal.</summary>
    public string Path { get; }

    /// <summary>Whether this is the embedded model.</summary>
    public bool IsEmbedded => _embedded is not null;

    /// <summary>Opens a model's file, or unpacks the embedded model into memory.</summary>
    /// <param name="path">The path of the file; null for the embedded model.</param>
    public static ModelSource Open(string? path)
    {
        if (path is not null)
            return new ModelSource(path, null);
        DemoModel embedded = DemoModel.Open();
        return new ModelSource(embedded.Path, embedded);
    }

    /// <summary>Frees the embedded model's memory. Dispose it after the loaded model, which may have to be loaded again.</summary>
    public void Dispose() => _embedded?.Dispose();
}
