namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>One daemon for the tests of a class that listens on TCP besides its Unix socket.</summary>
public sealed class TcpDaemon : IAsyncLifetime
{
    internal const string AnyPort = "127.0.0.1:0";

    private DaemonProcess? _process;

    internal TempFolder Folder { get; } = new();

    internal DaemonProcess Process => _process!;

    /// <summary>A key that may name every profile.</summary>
    internal string Key { get; private set; } = "";

    /// <summary>Talks to it over TCP, with that key.</summary>
    internal Client Client { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (Published.Missing is not null)
            return;
        _process = await DaemonProcess.StartReadyAsync(Folder, "--listen", AnyPort);
        (Key, Client) = await _process.JoinAsync("house", ", \"any_profile\": true");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (_process is not null)
            await _process.DisposeAsync();
        Folder.Dispose();
    }
}
