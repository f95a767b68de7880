namespace OnlineRlhf.Daemon.Hosting;

/// <summary>Makes every log line carry the program's name instead of a class's.</summary>
internal sealed class OneCategory(ILoggerFactory factory) : ILoggerFactory
{
    internal const string Name = "onlinerlhf";

    public ILogger CreateLogger(string categoryName) => factory.CreateLogger(Name);

    public void AddProvider(ILoggerProvider provider) => factory.AddProvider(provider);

    public void Dispose()
    {
        // The factory belongs to the host.
    }
}
