namespace OnlineRlhf.Storage.Disk;

/// <summary>A stream that LiteDB is lent: it reads, writes and seeks.</summary>
/// <remarks>Dispose does not close the file: LiteDB disposes the stream when it marks a file as invalid, and then goes on using it.</remarks>
internal abstract class PageStream : Stream
{
    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Position { get; set; }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) =>
        Position =
            offset
            + (
                origin == SeekOrigin.Begin ? 0
                : origin == SeekOrigin.Current ? Position
                : Length
            );

    /// <summary>Closes the file.</summary>
    public abstract void CloseFile();
}
