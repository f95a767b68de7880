using System.Globalization;
using OnlineRlhf.Hardware;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning;
using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Configuration;

/// <summary>
/// One setting. Its flag is --key with dashes, and its environment variable is ONLINERLHF_KEY. Options, help texts, checks, docs/configuration.md,
/// the manual and the completion are made from <see cref="All"/>.
/// </summary>
/// <param name="Key">The key in the settings file.</param>
/// <param name="Description">What the setting does, and its default.</param>
/// <param name="Kind">The kind of the value.</param>
/// <param name="Least">The smallest number that is allowed.</param>
/// <param name="Most">The largest number that is allowed.</param>
/// <param name="Unit">The unit of the number; empty if the description says it.</param>
/// <param name="IsAboveLeast">Whether the smallest number itself is not allowed.</param>
internal sealed record Setting(
    string Key,
    string Description,
    SettingKind Kind = SettingKind.Text,
    double Least = double.NegativeInfinity,
    double Most = double.PositiveInfinity,
    string Unit = "",
    bool IsAboveLeast = false
)
{
    private static readonly DaemonOptions Default = new();

    internal static IReadOnlyList<Setting> All { get; } =
    [
        new("model", "GGUF file of the language model; without it, the embedded demo model"),
        new("natives", "folder with llama.cpp's libraries; without it, natives/ beside the program"),
        new("socket", "path of the Unix socket"),
        new(
            "listen",
            "addresses to listen on over TCP besides, such as \"127.0.0.1:8765,[::1]:8765\"; without it, none. Each request over TCP needs a key. "
                + "The service gets its addresses from onlinerlhf-http.socket instead"
        ),
        new("hosts", "names by which clients reach this device over TCP, such as \"edge.local\"; localhost and the device's addresses always serve"),
        new("origins", "sites whose pages may send requests over TCP from a browser, such as \"http://edge.local:3000\"; without it, none"),
        new("control_group", "group whose members may make and remove keys, besides root and the daemon's user"),
        new("state", "folder in which the learned state is kept"),
        new(
            "threads",
            "number of decoding threads; keep it below the number of free cores. "
                + "0: the daemon measures it at the model's first start, "
                + $"at most the physical performance cores (default {Default.Threads})",
            SettingKind.Whole,
            0,
            256
        ),
        new(
            "device",
            "auto (a GPU by Vulkan if it is not slower), "
                + $"cpu, vulkan, or vulkan-software for tests on a software driver (default {Default.Device})"
        ),
        new(
            "cpu_variant",
            "build of llama.cpp's CPU backend, such as haswell or armv8.2_2; "
                + "onlinerlhf bench compares them; without it, the fastest as measured at the first start"
        ),
        new(
            "time_target",
            $"seconds that a round may take: fewer and shorter answers on a slow device; 0 for no limit (default {Default.TimeTarget})",
            SettingKind.Whole,
            0,
            3600,
            "seconds"
        ),
        new(
            "first_word_target",
            "seconds that the first words of a steered answer may take: fewer and shorter beginnings on a slow device; 0 for no limit "
                + string.Create(CultureInfo.InvariantCulture, $"(default {Default.FirstWordTarget})"),
            SettingKind.Number,
            0,
            3600,
            "seconds"
        ),
        new(
            "context",
            $"tokens of prompt and answer together; memory grows with it (default {Default.Context})",
            SettingKind.Whole,
            128,
            1 << 20,
            "tokens"
        ),
        new("chat_template", "one of llama.cpp's built-in chat templates by name, if the model's own is missing or not known"),
        new(
            "thinking",
            "on: a reasoning model thinks before it answers. "
                + $"off: the daemon turns thinking off if the chat template allows it (default {Default.Thinking})"
        ),
        new(
            "thinking_budget",
            $"the most tokens of thoughts before one answer, beside max_tokens (default {Default.ThinkingBudget})",
            SettingKind.Whole,
            0,
            SamplingOptions.MaxThinkingBudget,
            "tokens"
        ),
        new(
            "style_hints",
            $"auto, none, or hints of at most 200 characters divided by |, such as \"Use simple words.|Be warm.\" (default {Default.StyleHints})"
        ),
        new("candidates", $"answers sampled for each request (default {Default.Candidates})", SettingKind.Whole, 1, SamplingOptions.MaxCandidates),
        new(
            "sampling",
            "steered: an answer is chosen block by block while it is written, and its first words come early. "
                + $"whole: it is chosen among whole answers (default {Default.Sampling})"
        ),
        new("max_tokens", $"the most tokens of one answer (default {Default.MaxTokens})", SettingKind.Whole, 1, SamplingOptions.MostTokens),
        new(
            "temperature",
            $"how freely answers are drawn (default {Default.Temperature})",
            SettingKind.Number,
            0,
            SamplingOptions.MaxTemperature,
            IsAboveLeast: true
        ),
        new("ask", $"when two answers are shown: {WireName.Choice<AskMode>()} (default {Default.Ask})"),
        new(
            "step_size",
            $"η, the step of the learner; tuned, change with care (default {Default.StepSize})",
            SettingKind.Number,
            HyperParameters.Least,
            HyperParameters.Most
        ),
        new(
            "regularization",
            $"λ, the learner's regularization; tuned, change with care (default {Default.Regularization})",
            SettingKind.Number,
            HyperParameters.Least,
            HyperParameters.Most
        ),
        new("exploration", $"β, how much the second answer explores (default {Default.Exploration})", SettingKind.Number, 0, HyperParameters.Most),
        new(
            "usefulness",
            $"k, how unsure the learner must be to ask in when-useful rounds (default {Default.Usefulness})",
            SettingKind.Number,
            0,
            double.MaxValue
        ),
        new("round_lifetime", $"seconds that a round waits for feedback (default {Default.RoundLifetime})", SettingKind.Whole, 1, 86_400, "seconds"),
        new(
            "conversations",
            "conversations that are kept as the model has read them, so that a later turn costs only its new text; "
                + $"memory grows with it (default {Default.Conversations})",
            SettingKind.Whole,
            1,
            64
        ),
        new(
            "conversation_lifetime",
            $"seconds for which a conversation, and its round over OpenAI's API, stays after its last turn (default {Default.ConversationLifetime})",
            SettingKind.Whole,
            1,
            86_400,
            "seconds"
        ),
        new(
            "trim_conversations",
            "on: over OpenAI's API, a conversation that is too long for the context loses its oldest turns. "
                + $"off: it is refused (default {Default.TrimConversations})"
        ),
        new(
            "learn_from_conversations",
            "on: the daemon learns from what people do in chat programs: which of two answers they keep, and wishes such as \"shorter\". "
                + $"off: only from feedback (default {Default.LearnFromConversations})"
        ),
        new("queue", $"requests that may wait while one is generated (default {Default.Queue})", SettingKind.Whole, 0, 64, "requests"),
        new("profiles", $"profiles that are kept on the disk (default {Default.Profiles})", SettingKind.Whole, 1, 100_000),
        new("gpio_chip", "label of the GPIO chip that buttons and lamps are wired to; without it there are none"),
        new(
            "buttons",
            $"lines of the buttons: {string.Join(", ", WireName.All<Button>())}, of which the first two must be there, such as "
                + "\"first:17,second:27,skip:22\""
        ),
        new("button_active", $"the level of a pressed button's line: low or high (default {Default.ButtonActive})"),
        new(
            "button_bias",
            $"the chip's resistor that pulls the line of a button that is not pressed: up, down or none (default {Default.ButtonBias})"
        ),
        new(
            "debounce",
            $"a contact counts after it has been stable for so many milliseconds (default {Default.Debounce})",
            SettingKind.Whole,
            1,
            1000,
            "milliseconds"
        ),
        new(
            "lamps",
            $"lines of the lamps: any of {string.Join(", ", WireName.All<Lamp>())}, such as \"ready:5,recorded:6\"; learned is the old name of "
                + "recorded"
        ),
        new("lamp_active", $"the level of a shining lamp's line: low or high (default {Default.LampActive})"),
        new("load_wait", $"seconds that a request waits for the model to load (default {Default.LoadWait})", SettingKind.Whole, 0, 3600, "seconds"),
    ];

    internal const string EnvironmentPrefix = "ONLINERLHF_";

    internal string Flag => "--" + Key.Replace('_', '-');

    /// <param name="value">The value.</param>
    /// <param name="from">The file or the environment variable that the value comes from; null for a flag.</param>
    /// <exception cref="ConfigurationException">The value is not of the setting's kind, or is out of range.</exception>
    internal void Check(string value, string? from = null)
    {
        string key = from is null ? Key : $"{from}: {Key}";
        if (value.Length == 0)
            throw new ConfigurationException($"{key} is empty: give it a value, or leave it out for the default");
        // JSON can contain a NUL character, but paths and texts for the model cannot.
        if (value.Contains('\0'))
            throw new ConfigurationException($"{key} holds a NUL character: write it without");
        if (Kind == SettingKind.Text)
            return;
        if (Kind == SettingKind.Whole && !int.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out _))
            throw new ConfigurationException($"{key} must be a whole number, not {value}");
        if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
            throw new ConfigurationException($"{key} must be a number, not {value}");
        if (!(number >= Least && number <= Most) || (IsAboveLeast && number == Least))
            throw new ConfigurationException($"{key} must be {Range}, not {value}");
    }

    /// <summary>The allowed numbers in words; empty if the setting is a text or takes any number.</summary>
    internal string Range
    {
        get
        {
            if (double.IsInfinity(Least) && double.IsInfinity(Most))
                return "";
            string unit = Unit.Length > 0 ? " " + Unit : "",
                least = Text(Least);
            if (IsAboveLeast)
                return $"above {least} and at most {Text(Most)}{unit}";
            return Most >= double.MaxValue ? $"at least {least}{unit}" : $"{least} to {Text(Most)}{unit}";

            static string Text(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);
        }
    }

    internal string Variable => EnvironmentPrefix + Key.ToUpperInvariant();
}
