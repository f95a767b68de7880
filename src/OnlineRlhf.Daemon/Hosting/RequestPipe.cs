using System.Buffers;
using System.IO.Pipelines;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>
/// The two directions of a connection, where the end of what the client sends is told only after all before it was looked at.
/// The web server refuses a body that comes together with the end as one that is cut off.
/// </summary>
internal sealed class RequestPipe(IDuplexPipe connection) : PipeReader, IDuplexPipe
{
    private readonly PipeReader _input = connection.Input;
    private ReadOnlySequence<byte> _buffer;

    // Bytes that were looked at and stay in the pipe.
    private long _examined;

    public PipeReader Input => this;

    public PipeWriter Output => connection.Output;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        HideEnd(await _input.ReadAsync(cancellationToken).ConfigureAwait(false));

    public override bool TryRead(out ReadResult result)
    {
        if (!_input.TryRead(out result))
            return false;
        result = HideEnd(result);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _examined = _buffer.Slice(consumed, examined).Length;
        _buffer = default;
        _input.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => _input.CancelPendingRead();

    public override void Complete(Exception? exception = null) => _input.Complete(exception);

    private ReadResult HideEnd(ReadResult result)
    {
        _buffer = result.Buffer;
        return new ReadResult(result.Buffer, result.IsCanceled, result.IsCompleted && result.Buffer.Length <= _examined);
    }
}
