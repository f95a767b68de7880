using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using OnlineRlhf.Inference;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>
/// Log lines as the library formats them, of text that is cleaned before: no name and no message forges a line or drives a terminal.
/// </summary>
/// <param name="services">Where the library's formatters are; asked for late, since this is one of them.</param>
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
