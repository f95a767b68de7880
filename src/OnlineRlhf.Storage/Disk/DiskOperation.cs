namespace OnlineRlhf.Storage.Disk;

/// <summary>What is about to happen to a file. A test's <see cref="DiskProbe"/> sees it first.</summary>
internal enum DiskOperation
{
    Write,
    SetLength,
    Sync,
    SyncFolder,
}
