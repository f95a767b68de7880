using System.Text.Json;
using OnlineRlhf.Storage.Calibration;
using OnlineRlhf.Storage.Disk;

namespace OnlineRlhf.Storage;

/// <summary>The scales of a model's feature map, measured once and kept in <c>calibration-KEY.json</c>.</summary>
/// <remarks>The scales can be measured again at any time: a file that cannot be used counts as absent.</remarks>
public static class CalibrationFile
{
    /// <summary>A larger scale is damage: no model's hidden states deviate by so little.</summary>
    private const double Largest = 1e30;

    /// <summary>Reads the scales; null unless there are <paramref name="count"/> of this key, none of them negative or beyond all measure.</summary>
    /// <param name="directory">Where the file is.</param>
    /// <param name="key">
    /// What the scales depend on, the model first: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, since it is part of the file's name.
    /// </param>
    /// <param name="count">How many scales the feature map has.</param>
    public static double[]? Read(string directory, string key, int count)
    {
        try
        {
            byte[] text = File.ReadAllBytes(PathOf(directory, key));
            CalibrationDocument? document = JsonSerializer.Deserialize(text, CalibrationContext.Default.CalibrationDocument);
            return
                document is { Holds: true }
                && document.ModelFingerprint == key
                && document.Values?.Length == count
                && Array.TrueForAll(document.Values, value => value is >= 0 and <= Largest)
                ? document.Values
                : null;
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes the scales: whole or not at all, and durable. Creates the directory where it is missing.</summary>
    /// <exception cref="StateException">The file cannot be written.</exception>
    public static void Write(string directory, string key, ReadOnlySpan<double> values)
    {
        CalibrationDocument document = new CalibrationDocument(key, [.. values], null).Sealed();
        StateFile.Write(PathOf(directory, key), JsonSerializer.SerializeToUtf8Bytes(document, CalibrationContext.Default.CalibrationDocument));
    }

    /// <summary>Where the scales of a key are kept.</summary>
    public static string PathOf(string directory, string key) => StateFile.PathOf(directory, "calibration", key);
}
