using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using OnlineRlhf.Inference;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>
/// Cleans the text of each log line, and lets the library's formatter write it. So no name or message can forge a log line or control the terminal.
/// </summary>
/// <param name="services">Gives the library's formatters. They are requested only on the first line, because this class is one of them.</param>
internal sealed class CleanFormatter(IServiceProvider services) : ConsoleFormatter(CleanName)
{
    internal const string CleanName = "clean";

    private ConsoleFormatter? _inner;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        string wanted = Journal.IsRead ? ConsoleFormatterNames.Systemd : ConsoleFormatterNames.Simple;
        _inner ??= services.GetServices<ConsoleFormatter>().Single(f => f.Name == wanted);
        string message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        if (logEntry.Exception is { } exception)
            message = $"{message} {exception}";
        var clean = new LogEntry<string>(logEntry.LogLevel, logEntry.Category, logEntry.EventId, PlainText.Line(message), null, (text, _) => text);
        _inner.Write(clean, scopeProvider, textWriter);
    }
}
