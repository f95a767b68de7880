namespace OnlineRlhf.Storage.Disk;

/// <summary>Which file a path names, or a handle has open: two are the same file where this is equal.</summary>
internal readonly record struct FileIdentity(ulong Device, ulong Inode);
