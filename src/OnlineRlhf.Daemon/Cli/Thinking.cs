namespace OnlineRlhf.Daemon.Cli;

/// <summary>Says on a terminal that the model is at work, until it is disposed.</summary>
internal sealed class Thinking : IDisposable
{
    private const string Erase = "\r\e[K";

    internal Thinking() => Write("thinking …");

    public void Dispose() => Write(Erase);

    private static void Write(string text)
    {
        if (!Console.IsErrorRedirected)
            Console.Error.Write(text);
    }
}
