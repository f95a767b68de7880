using System.IO.Hashing;
using System.Text;
using System.Text.Json;

namespace OnlineRlhf.Experiments.Cells;

/// <summary>
/// Results as files, one per cell, written whole or not at all. They may come from any machine, in any order, and a run that was stopped can go on.
/// </summary>
internal sealed class ResultFolder
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly string _folder,
        _build;

    /// <param name="output">The report's folder.</param>
    /// <param name="build">The program that computes.</param>
    /// <param name="isQuick">Cells of the quick form have other horizons under the same names, and a folder of their own.</param>
    internal ResultFolder(string output, string build, bool isQuick)
    {
        _folder = Path.Combine(output, isQuick ? "results-quick" : "results");
        _build = build;
        _ = Directory.CreateDirectory(_folder);
    }

    /// <summary>The result of a cell; null where it is not computed yet, or where another build of this program computed it.</summary>
    internal Result? Find(Cell cell)
    {
        string path = PathOf(cell);
        if (!File.Exists(path))
            return null;
        try
        {
            Result? result = JsonSerializer.Deserialize<Result>(File.ReadAllBytes(path), Json);
            if (
                result is not { Numbers: not null, Times: not null }
                || (result.Experiment, result.Variant, result.Seed) != (cell.Experiment, cell.Variant, cell.Seed)
            )
                throw new JsonException("it is another cell's");
            return result.Build == _build ? result : null;
        }
        catch (JsonException e)
        {
            throw new IOException($"{path} is no result of this program ({e.Message}): delete it, and run again.", e);
        }
    }

    internal void Write(Cell cell, Result result) => WholeFile.Write(PathOf(cell), file => JsonSerializer.Serialize(file, result, Json));

    // A readable beginning, and a hash for cells whose names begin alike.
    private string PathOf(Cell cell)
    {
        string readable = string.Concat(cell.Id.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' ? c : '_'));
        string hash = XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(cell.Id)).ToString("x16", System.Globalization.CultureInfo.InvariantCulture)[..8];
        return Path.Combine(_folder, $"{readable[..Math.Min(readable.Length, 100)]}.{hash}.json");
    }
}
