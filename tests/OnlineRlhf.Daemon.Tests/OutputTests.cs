using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using OnlineRlhf.Daemon.Cli;
using OnlineRlhf.Daemon.Hosting;

namespace OnlineRlhf.Daemon.Tests;

/// <summary>What reaches a terminal or the journal, whatever it is made of.</summary>
public sealed class OutputTests
{
    private const string Hostile = "Model\e[2J\r\n\u202eReady: a\u009b1mnother\ud800";

    [Fact]
    public void A_line_that_is_printed_stays_one_line_and_drives_nothing()
    {
        using var printed = new StringWriter();
        using var console = TextWriter.Synchronized(new CleanWriter(printed));
        console.WriteLine($"model      {Hostile}");
        console.WriteLine("{0}  {1}", Hostile, 1);
        console.Write(Hostile.ToCharArray());
        console.Write('\e');
        console.WriteLine();
        Assert.Equal(
            "model      Model?[2J Ready: a?1mnother\ufffd\nModel?[2J Ready: a?1mnother\ufffd  1\nModel?[2J\nReady: a?1mnother\ufffd?\n",
            printed.ToString()
        );
    }

    [Theory]
    [InlineData("{\"text\": \"a\u009b2Jb\u202ec\u007fd\\u001b\U000E0041\u2028\"}")]
    [InlineData("{\n\t\"text\": \"plain, ä, 👍\"\r\n}")]
    public void Json_keeps_its_value_and_drives_nothing(string json)
    {
        string printed = Output.Escape(json);
        Assert.DoesNotContain(printed, c => c is >= '\u007f' and <= '\u009f' or '\u202e' or '\u2028');
        Assert.Equal(Text(json), Text(printed));
        if (!json.Contains('\u202e', StringComparison.Ordinal))
            Assert.Equal(json, printed);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Failed\n<0>forged")]
    public void A_log_entry_stays_one_line(string? failure)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddSystemdConsole().AddSimpleConsole(o => o.SingleLine = true));
        services.AddSingleton<ConsoleFormatter, CleanFormatter>();
        using ServiceProvider provider = services.BuildServiceProvider();
        ConsoleFormatter formatter = provider.GetServices<ConsoleFormatter>().OfType<CleanFormatter>().Single();
        using var printed = new StringWriter();
        Exception? exception = failure is null ? null : new InvalidOperationException(failure);
        formatter.Write(new LogEntry<string>(LogLevel.Information, "onlinerlhf", 2, Hostile, exception, (text, _) => text), null, printed);
        string line = Assert.Single(printed.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        string expected =
            "onlinerlhf[2] Model?[2J Ready: a?1mnother\ufffd" + (failure is null ? "" : " System.InvalidOperationException: Failed <0>forged");
        Assert.EndsWith(expected, line, StringComparison.Ordinal);
    }

    private static string? Text(string json) => JsonDocument.Parse(json).RootElement.GetProperty("text").GetString();
}
