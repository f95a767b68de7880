using OnlineRlhf.Storage.Disk;

namespace OnlineRlhf.Storage;

/// <summary>Makes names durable. A power cut takes a synced file away where its name, or that of a folder above it, is not on the disk yet.</summary>
public static class DurableFolder
{
    /// <summary>Makes the names in a folder durable, its own name, and those of the folders above it on the same file system.</summary>
    /// <remarks>
    /// This process may have found the folders there and still has to sync them: a process that was killed may have made them and not synced them.
    /// A folder above that this user may not read is left out, since this user made nothing in it.
    /// </remarks>
    /// <exception cref="IOException">A folder cannot be synced.</exception>
    public static void Sync(string folder)
    {
        SyncAlone(folder);
        foreach (string above in Above(folder))
        {
            try
            {
                SyncAlone(above);
            }
            catch (IOException denied) when (denied.HResult is ErrorNumber.NotPermitted or ErrorNumber.AccessDenied)
            {
                // The remarks say why.
            }
        }
    }

    /// <summary>Makes the names in a folder durable: for a folder whose own name is durable already.</summary>
    /// <exception cref="IOException">The folder cannot be synced.</exception>
    internal static void SyncAlone(string folder) => Posix.SyncDirectory(folder);

    /// <summary>The folders above a folder on its file system.</summary>
    /// <remarks>Their paths go through the folder, so that links on the way to it do not matter.</remarks>
    internal static IEnumerable<string> Above(string folder)
    {
        FileIdentity? at = Posix.Identify(folder);
        for (string above = Path.Combine(folder, ".."); ; above = Path.Combine(above, ".."))
        {
            FileIdentity? next = Posix.Identify(above);
            // The folder above the root is the root itself.
            if (next is null || next == at || next.Value.Device != at?.Device)
                yield break;
            yield return above;
            at = next;
        }
    }
}
