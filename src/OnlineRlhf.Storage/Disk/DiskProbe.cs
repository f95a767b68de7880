namespace OnlineRlhf.Storage.Disk;

/// <summary>Sees each change of a file before it happens. Tests fail, record or count it.</summary>
/// <param name="file">The path of the file or folder.</param>
/// <param name="operation">What is about to happen.</param>
/// <param name="offset">Where a write starts, or the new length.</param>
/// <param name="data">What is written; empty for the others.</param>
internal delegate void DiskProbe(string file, DiskOperation operation, long offset, ReadOnlySpan<byte> data);
