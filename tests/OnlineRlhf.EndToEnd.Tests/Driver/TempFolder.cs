namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>One test's own place: a folder for the socket, one for the state.</summary>
internal sealed class TempFolder : IDisposable
{
    internal TempFolder()
    {
        Root = Directory.CreateTempSubdirectory("rlhf-").FullName;
        Runtime = Directory.CreateDirectory(Path.Combine(Root, "run")).FullName;
        State = Path.Combine(Root, "state");
    }

    internal string Root { get; }

    internal string Runtime { get; }

    internal string State { get; }

    internal string Socket => Path.Combine(Runtime, "onlinerlhf.sock");

    /// <summary>Writes a file and returns its path.</summary>
    internal string Write(string name, string content)
    {
        string path = Path.Combine(Root, name);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Every file of the state with its bytes.</summary>
    internal IEnumerable<(string Path, byte[] Bytes)> StateFiles() =>
        Directory.EnumerateFiles(State, "*", SearchOption.AllDirectories).Select(path => (path, File.ReadAllBytes(path)));

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
