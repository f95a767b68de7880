using System.CommandLine;
using System.Threading.Channels;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Hardware;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>onlinerlhf buttons test: lights each lamp for a moment, then shows presses as they come. Needs neither a daemon nor a model.</summary>
internal static class ButtonsVerb
{
    private static readonly string[] Keys = ["gpio_chip", "buttons", "button_active", "button_bias", "debounce", "lamps", "lamp_active"];
    private static readonly TimeSpan LampTime = TimeSpan.FromSeconds(0.5);

    internal static Command Create()
    {
        var settings = new SettingOptions();
        var test = new Command(
            "test",
            "Show presses as they come, until Ctrl+C; light each lamp for a moment. Stop the daemon first: it holds the lines."
        );
        settings.AddTo(test, Setting.All.Where(s => Keys.Contains(s.Key)));
        test.SetAction((parsed, cancellationToken) => RunAsync(settings.Read(parsed), cancellationToken));
        return new Command("buttons", "Try the buttons and lamps.") { test };
    }

    private static async Task<int> RunAsync(DaemonOptions options, CancellationToken cancellationToken)
    {
        BoardOptions wiring =
            options.ForBoard()
            ?? throw new ConfigurationException(
                "gpio_chip is missing: name the chip and the lines, "
                    + "such as --gpio-chip LABEL --buttons first:17,second:27; gpiodetect lists the chips."
            );
        Channel<BoardEvent> events = Channel.CreateUnbounded<BoardEvent>();
        using var board = new Board(wiring, TimeProvider.System, happened => events.Writer.TryWrite(happened));
        if (board.Problem is { } problem)
        {
            Console.Error.WriteLine($"onlinerlhf: {problem}");
            return ExitCode.Failure;
        }
        Console.WriteLine(
            $"{wiring.Chip}: press the buttons ({string.Join(", ", wiring.Buttons.Select(b => $"{Name(b.Key)} on line {b.Value}"))}); Ctrl+C ends"
        );
        try
        {
            foreach (Lamp lamp in wiring.Lamps.Keys)
            {
                Console.WriteLine($"  lamp {WireName.Of(lamp)} shines");
                board.Set(lamp, true);
                await Task.Delay(LampTime, cancellationToken).ConfigureAwait(false);
                board.Set(lamp, false);
            }
            await foreach (BoardEvent happened in events.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                if (Describe(happened) is { } line)
                    Console.WriteLine($"  {line}");
            }
        }
        catch (OperationCanceledException)
        {
            // The user ends this command with Ctrl+C.
        }
        return ExitCode.Success;
    }

    private static string? Describe(BoardEvent happened) =>
        happened switch
        {
            BoardEvent.Pressed press => $"{Name(press.Button)} pressed",
            BoardEvent.Unclear { Buttons: [var one] } => $"{Name(one)} pressed twice at once: counts for nothing",
            BoardEvent.Unclear unclear => $"{string.Join(" and ", unclear.Buttons.Select(Name))} pressed together: counts for nothing",
            BoardEvent.Held held =>
                $"{Name(held.Button)} is down since the start: let it go. If nobody presses it, button_active or button_bias is the wrong way round",
            BoardEvent.Lost lost => lost.Problem,
            _ => null,
        };

    private static string Name(Button button) => WireName.Of(button);
}
