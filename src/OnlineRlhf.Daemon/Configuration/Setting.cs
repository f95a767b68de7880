using System.Globalization;

namespace OnlineRlhf.Daemon.Configuration;

/// <summary>One setting: its key in the file; the flag is --key with dashes, the environment variable ONLINERLHF_KEY.</summary>
internal sealed record Setting(string Key, string Description, SettingKind Kind = SettingKind.Text)
{
    private static readonly DaemonOptions Default = new();

    internal static IReadOnlyList<Setting> All { get; } =
    [
        new("model", "GGUF file of the language model; without it, the embedded demo model"),
        new("natives", "folder with llama.cpp's libraries; without it, natives/ beside the program"),
        new("socket", "path of the Unix socket"),
        new("state", "folder in which the learned state is kept"),
        new(
            "threads",
            "threads that decode, fewer than the free cores; 0 takes what suits the model as measured at its first start, at most "
                + "the physical performance cores (default 0)",
            SettingKind.Whole
        ),
        new(
            "device",
            "auto (a GPU by Vulkan where it is not slower), cpu, vulkan, or vulkan-software for tests on a software driver (default "
                + $"{Default.Device})"
        ),
        new(
            "cpu_variant",
            "build of llama.cpp's CPU backend, such as haswell or armv8.2_2; onlinerlhf bench compares them; without it, the fastest "
                + "as measured at the first start"
        ),
        new(
            "time_target",
            $"seconds that a round may take: fewer and shorter answers on a slow device; 0 for no limit (default {Default.TimeTarget})",
            SettingKind.Whole
        ),
        new("context", $"tokens of prompt and answer together; memory grows with it (default {Default.Context})", SettingKind.Whole),
        new("chat_template", "one of llama.cpp's built-in chat templates by name, where the model's own is missing or not known"),
        new(
            "thinking",
            $"on has a reasoning model think before it answers, off switches that off where its template can (default {Default.Thinking})"
        ),
        new(
            "thinking_budget",
            $"the most tokens of thoughts before one answer, beside max_tokens (default {Default.ThinkingBudget})",
            SettingKind.Whole
        ),
        new("style_hints", $"auto, none, or hints divided by |, such as \"Use simple words.|Be warm.\" (default {Default.StyleHints})"),
        new("candidates", $"answers sampled for each request, 1 to 16 (default {Default.Candidates})", SettingKind.Whole),
        new("max_tokens", $"the most tokens of one answer (default {Default.MaxTokens})", SettingKind.Whole),
        new("temperature", $"how freely answers are drawn (default {Default.Temperature})", SettingKind.Number),
        new("ask", $"when two answers are shown: always, when-useful or never (default {Default.Ask})"),
        new("step_size", $"η, the step of the learner; tuned, change with care (default {Default.StepSize})", SettingKind.Number),
        new("regularization", $"λ, the learner's regularization; tuned, change with care (default {Default.Regularization})", SettingKind.Number),
        new("exploration", $"β, how much the second answer explores (default {Default.Exploration})", SettingKind.Number),
        new("usefulness", $"k, how unsure the learner must be to ask in when-useful rounds (default {Default.Usefulness})", SettingKind.Number),
        new("round_lifetime", $"seconds that a round waits for feedback (default {Default.RoundLifetime})", SettingKind.Whole),
        new(
            "conversations",
            "conversations that are kept as the model has read them, so that a further turn costs only what is new; memory grows "
                + $"with it (default {Default.Conversations})",
            SettingKind.Whole
        ),
        new(
            "conversation_lifetime",
            $"seconds for which a conversation is kept after its last turn (default {Default.ConversationLifetime})",
            SettingKind.Whole
        ),
        new("queue", $"requests that may wait while one is generated (default {Default.Queue})", SettingKind.Whole),
        new("profiles", $"profiles that are kept on the disk (default {Default.Profiles})", SettingKind.Whole),
        new("gpio_chip", "label of the GPIO chip that buttons and lamps are wired to; without it there are none"),
        new("buttons", "lines of the buttons: first, second and, where you like, tie and skip, such as \"first:17,second:27,skip:22\""),
        new("button_active", $"the level of a pressed button's line: low or high (default {Default.ButtonActive})"),
        new("button_bias", $"what holds an open button's line: up, down or none (default {Default.ButtonBias})"),
        new("debounce", $"milliseconds that a contact must stay as it is to count (default {Default.Debounce})", SettingKind.Whole),
        new("lamps", "lines of the lamps: any of thinking, ready, learned and error, such as \"ready:5,learned:6\""),
        new("lamp_active", $"the level of a shining lamp's line: low or high (default {Default.LampActive})"),
        new("load_wait", $"seconds that a request waits for the model to load (default {Default.LoadWait})", SettingKind.Whole),
    ];

    internal const string EnvironmentPrefix = "ONLINERLHF_";

    internal string Flag => "--" + Key.Replace('_', '-');

    /// <param name="value">What was given.</param>
    /// <param name="from">The file or variable that gave it; null for a flag.</param>
    /// <exception cref="ConfigurationException">The value is not of the kind that the setting takes.</exception>
    internal void Check(string value, string? from = null)
    {
        string key = from is null ? Key : $"{from}: {Key}";
        if (value.Length == 0)
            throw new ConfigurationException($"{key} is empty: give it a value, or leave it out for the default");
        // JSON can write it; no path and no text for the model can hold it.
        if (value.Contains('\0'))
            throw new ConfigurationException($"{key} holds a NUL character: write it without");
        if (Kind == SettingKind.Whole && !int.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out _))
            throw new ConfigurationException($"{key} must be a whole number, not {value}");
        if (Kind == SettingKind.Number && !double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            throw new ConfigurationException($"{key} must be a number, not {value}");
    }

    internal string Variable => EnvironmentPrefix + Key.ToUpperInvariant();
}
