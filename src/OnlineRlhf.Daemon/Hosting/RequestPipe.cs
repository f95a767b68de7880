using System.Buffers;
using System.IO.Pipelines;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>
/// Hides the end of the client's data until the web server has examined all bytes before it. If the web server received a body and the end together,
/// it would refuse the body as cut off.
/// </summary>
internal sealed class RequestPipe(IDuplexPipe connection) : PipeReader, IDuplexPipe
{
    private readonly PipeReader _input = connection.Input;
    private ReadOnlySequence<byte> _buffer;

    // How many bytes the web server has examined but not consumed.
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
