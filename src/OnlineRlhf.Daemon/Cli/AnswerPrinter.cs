using System.Text.Json;
using OnlineRlhf.Daemon.Cli.Demo;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Inference;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>Prints a single answer as it is written, and two answers once both are whole.</summary>
/// <param name="print">Prints a round with two answers, or one of which nothing was printed yet.</param>
internal sealed class AnswerPrinter(Action<RoundBody> print)
{
    private string _printed = "";
    private int? _code;

    /// <summary>Takes an event of the stream.</summary>
    internal void Hear(string name, string data)
    {
        switch (name)
        {
            case "round.writing" when JsonSerializer.Deserialize(data, WireJson.Complete.WritingBody) is { Second: null } writing:
                Continue(writing.First);
                break;
            case "round":
                Finish(new DaemonClient.Reply(StatusCodes.Status201Created, data).Read(WireJson.Complete.RoundBody));
                break;
            case "error":
                var failed = new DaemonClient.Reply(StatusCodes.Status500InternalServerError, data);
                failed = failed with { Status = failed.Read(WireJson.Complete.ProblemBody).Status };
                Break();
                _code = failed.Fail(json: false);
                break;
        }
    }

    /// <summary>The exit code of the command.</summary>
    internal int Finish()
    {
        if (_code is { } code)
            return code;
        Break();
        Console.Error.WriteLine("onlinerlhf: the daemon has ended the answer before it was whole; its log says why");
        return ExitCode.Failure;
    }

    private void Finish(RoundBody round)
    {
        _code = ExitCode.Success;
        if (_printed.Length == 0 || round.Second is not null)
        {
            Screen.Progress("");
            print(round);
            return;
        }
        string whole = round.First.Text ?? "";
        if (whole.StartsWith(_printed, StringComparison.Ordinal))
        {
            Continue(whole);
            Output.Out.WriteLine();
            return;
        }
        // What was printed was not the answer: a device failed meanwhile, and it was written anew.
        Output.Out.WriteLine();
        print(round);
    }

    private void Continue(string text)
    {
        if (_printed.Length == 0)
            Screen.Progress("");
        if (!text.StartsWith(_printed, StringComparison.Ordinal))
            return;
        Output.Out.Write(PlainText.Of(text[_printed.Length..]));
        Output.Out.Flush();
        _printed = text;
    }

    private void Break()
    {
        if (_printed.Length > 0)
            Output.Out.WriteLine();
    }
}
