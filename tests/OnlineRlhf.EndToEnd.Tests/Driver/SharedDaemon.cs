namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>One daemon for the tests of a class; each test takes a profile of its own.</summary>
public sealed class SharedDaemon : IAsyncLifetime
{
    private DaemonProcess? _process;

    internal TempFolder Folder { get; } = new();

    internal DaemonProcess Process => _process!;

    internal Client Client => _process!.Client;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (Published.Missing is null)
            _process = await DaemonProcess.StartReadyAsync(Folder);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        Folder.Dispose();
    }
}
