namespace OnlineRlhf.Experiments;

/// <summary>Writes files whole or not at all, so that a run that was stopped leaves none that is torn.</summary>
/// <remarks>Unlike the writers of OnlineRlhf.Storage it does not wait for the disk: after a power cut the numbers can be computed again.</remarks>
internal static class WholeFile
{
    /// <summary>Writes a file under another name, and renames it. The name has the process's number: several may compute the same at once.</summary>
    internal static void Write(string path, Action<Stream> write)
    {
        string part = $"{path}.{Environment.ProcessId}.part";
        using (FileStream file = File.Create(part))
            write(file);
        File.Move(part, path, overwrite: true);
    }
}
