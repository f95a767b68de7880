using System.Text.Json;
using OnlineRlhf.Benchmarks.Measuring;

namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>
/// Sampled candidates on the disk, a line of JSON per set, appended as they are drawn: an interrupted run goes on where it stopped.
/// </summary>
internal sealed class CandidateFile
{
    private readonly string _path;
    private readonly List<CandidateSet> _sets = [];

    private CandidateFile(string path) => _path = path;

    internal IReadOnlyList<CandidateSet> Sets => _sets;

    /// <summary>Reads a file, or starts one.</summary>
    /// <exception cref="InvalidDataException">It holds candidates of another model, feature map or setting.</exception>
    internal static CandidateFile Open(string path, CandidateHeader header)
    {
        var file = new CandidateFile(path);
        string first = JsonSerializer.Serialize(header, CandidateJson.Default.CandidateHeader);
        if (!File.Exists(path))
        {
            _ = Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            File.WriteAllText(path, first + "\n");
            return file;
        }
        string[] lines = LineFile.Read(path);
        if (lines.Length == 0 || lines[0] != first)
            throw new InvalidDataException(
                $"{path} holds the candidates of another model, feature map or setting: name another file with --candidates, or delete it."
            );
        file._sets.AddRange(lines.Skip(1).Select(line => JsonSerializer.Deserialize(line, CandidateJson.Default.CandidateSet)!));
        LineFile.DropCutLine(path);
        return file;
    }

    internal bool Holds(string request, bool hinted) => _sets.Any(s => s.Request == request && s.Hinted == hinted);

    internal void Append(CandidateSet set)
    {
        File.AppendAllText(_path, JsonSerializer.Serialize(set, CandidateJson.Default.CandidateSet) + "\n");
        _sets.Add(set);
    }
}
