using System.Text;
using OnlineRlhf.Inference;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>Cleans all text on its way to standard output or standard error: a line stays one line, and no text can control the terminal.</summary>
internal sealed class CleanWriter(TextWriter inner) : TextWriter
{
    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => inner.Write(PlainText.Of(value.ToString()));

    public override void Write(char[] buffer, int index, int count) => inner.Write(PlainText.Of(new string(buffer, index, count)));

    public override void Write(string? value) => inner.Write(PlainText.Of(value ?? ""));

    public override void WriteLine(string? value) => inner.WriteLine(PlainText.Line(value ?? ""));

    public override void Flush() => inner.Flush();
}
