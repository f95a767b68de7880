namespace OnlineRlhf.Inference;

/// <summary>Where a model is read from: a file, or the one that is embedded in this program.</summary>
public sealed class ModelSource : IDisposable
{
    private readonly DemoModel? _embedded;

    private ModelSource(string path, DemoModel? embedded)
    {
        Path = path;
        _embedded = embedded;
    }

    /// <summary>A path to open the model by, valid in this process until disposal.</summary>
    public string Path { get; }

    /// <summary>Whether it is the embedded model.</summary>
    public bool IsEmbedded => _embedded is not null;

    /// <summary>Opens a model's file, or unpacks the embedded model into memory.</summary>
    /// <param name="path">The file; null for the embedded model.</param>
    public static ModelSource Open(string? path)
    {
        if (path is not null)
            return new ModelSource(path, null);
        DemoModel embedded = DemoModel.Open();
        return new ModelSource(embedded.Path, embedded);
    }

    /// <summary>Frees the embedded model's memory. A loaded model that may be loaded again needs it until then.</summary>
    public void Dispose() => _embedded?.Dispose();
}
