using OnlineRlhf.Storage.Disk;

namespace OnlineRlhf.Storage;

/// <summary>Makes names durable: a synced file is lost in a power cut where the name of it, or of a folder above it, is not on the disk.</summary>
public static class DurableFolder
{
    private const int NotPermitted = 1,
        AccessDenied = 13;

    /// <summary>Makes the names in a folder durable, its own name, and those of the folders above it on the same file system.</summary>
    /// <remarks>
    /// The folders above are synced also where this process found them there: a process that was killed may have made them and not synced them.
    /// One that this user may not read is left out: this user made nothing in it.
    /// </remarks>
    /// <exception cref="IOException">A folder cannot be synced.</exception>
    public static void Sync(string folder)
    {
        Posix.SyncDirectory(folder);
        foreach (string above in Above(folder))
        {
            try
            {
                Posix.SyncDirectory(above);
            }
            catch (IOException denied) when (denied.HResult is NotPermitted or AccessDenied)
            {
                // See above.
            }
        }
    }

    /// <summary>The folders above a folder on its file system, by paths through it: so that links on the way to it do not matter.</summary>
    internal static IEnumerable<string> Above(string folder)
    {
        FileIdentity? at = Posix.Identify(folder);
        for (string above = Path.Combine(folder, ".."); ; above = Path.Combine(above, ".."))
        {
            FileIdentity? next = Posix.Identify(above);
            // The root is above itself.
            if (next is null || next == at || next.Value.Device != at?.Device)
                yield break;
            yield return above;
            at = next;
        }
    }
}
