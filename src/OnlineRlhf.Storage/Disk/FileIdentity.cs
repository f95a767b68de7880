namespace OnlineRlhf.Storage.Disk;

/// <summary>Which file a path names or a handle has open. Equal identities mean the same file.</summary>
internal readonly record struct FileIdentity(ulong Device, ulong Inode);
