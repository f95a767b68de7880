using OnlineRlhf.Inference.Gguf;

namespace OnlineRlhf.Inference.Tests.Gguf;

/// <summary>A folder for the files of one test, removed at its end.</summary>
public abstract class GgufFixture : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("onlinerlhf-gguf-");

    protected string At(string name) => Path.Combine(_folder.FullName, name);

    protected string Save(byte[] bytes, string name = "model.gguf")
    {
        File.WriteAllBytes(At(name), bytes);
        return At(name);
    }

    internal GgufFile Open(GgufBuilder builder) => GgufFile.Open(Save(builder.Build()));

    internal ModelFileException Refused(ModelFileError reason, GgufBuilder builder) => Refused(reason, Save(builder.Build()));

    /// <summary>Asserts what every refusal has: the reason, one line, the file's name first, an advice at the end.</summary>
    protected static ModelFileException Refused(ModelFileError reason, string path)
    {
        ModelFileException refusal = Assert.Throws<ModelFileException>(() => GgufFile.Open(path));
        Assert.Equal(reason, refusal.Reason);
        Assert.Equal(path, refusal.Path);
        Assert.StartsWith(path + ": ", refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        return refusal;
    }

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }
}
