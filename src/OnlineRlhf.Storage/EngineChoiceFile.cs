using System.Text.Json;
using OnlineRlhf.Storage.Disk;
using OnlineRlhf.Storage.Engine;

namespace OnlineRlhf.Storage;

/// <summary>Which build and how many threads decode a model, measured once on this machine and kept in <c>engine-MODEL.json</c>.</summary>
/// <remarks>The choice can be measured again at any time: a file that cannot be used counts as absent.</remarks>
public static class EngineChoiceFile
{
    /// <summary>Reads the choice; null where there is none, or none for this model under these conditions.</summary>
    /// <param name="directory">Where the file is.</param>
    /// <param name="model">The model's fingerprint: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, since it is part of the file's name.</param>
    /// <param name="conditions">What else the choice depends on: the machine, llama.cpp's version, and the settings.</param>
    public static EngineChoice? Read(string directory, string model, string conditions)
    {
        try
        {
            byte[] text = File.ReadAllBytes(PathOf(directory, model));
            EngineDocument? document = JsonSerializer.Deserialize(text, EngineContext.Default.EngineDocument);
            return
                document is { Holds: true, Chosen.IsUsable: true, Others: { } others }
                && document.ModelFingerprint == model
                && document.Conditions == conditions
                && Array.TrueForAll(others, trial => trial is { IsUsable: true })
                ? new EngineChoice(document.Chosen, others!)
                : null;
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes the choice: whole or not at all, durable, and for its owner alone. Creates the directory where it is missing.</summary>
    /// <exception cref="StateException">The file cannot be written.</exception>
    public static void Write(string directory, string model, string conditions, EngineChoice choice)
    {
        ArgumentNullException.ThrowIfNull(choice);
        EngineDocument document = new EngineDocument(model, conditions, choice.Chosen, [.. choice.Others]).Sealed();
        StateFile.Write(PathOf(directory, model), JsonSerializer.SerializeToUtf8Bytes(document, EngineContext.Default.EngineDocument));
    }

    /// <summary>Where the choice for a model is kept.</summary>
    public static string PathOf(string directory, string model) => StateFile.PathOf(directory, "engine", model);
}
