using System.Net;
using Microsoft.Extensions.Configuration;
using OnlineRlhf.Hardware;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning;
using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Configuration;

/// <summary>All settings of the daemon, under the names that flags, environment and file use.</summary>
internal sealed class DaemonOptions
{
    private const string Automatic = "auto",
        None = "none",
        Off = "off",
        On = "on";
    private const string Hidden = ", or the service may not see it below /home and /root: sudo onlinerlhf model use FILE puts it where it may";
    private const int LongestHint = 200;
    private static readonly RoundOptions Defaults = new();

    private static readonly Dictionary<string, DeviceChoice> DeviceNames = new()
    {
        [Automatic] = DeviceChoice.Auto,
        ["cpu"] = DeviceChoice.Cpu,
        ["vulkan"] = DeviceChoice.Vulkan,
        ["vulkan-software"] = DeviceChoice.VulkanSoftware,
    };

    [ConfigurationKeyName("model")]
    public string? Model { get; set; }

    [ConfigurationKeyName("natives")]
    public string? Natives { get; set; }

    [ConfigurationKeyName("socket")]
    public string? Socket { get; set; }

    [ConfigurationKeyName("listen")]
    public string Listen { get; set; } = "";

    [ConfigurationKeyName("hosts")]
    public string Hosts { get; set; } = "";

    [ConfigurationKeyName("origins")]
    public string Origins { get; set; } = "";

    [ConfigurationKeyName("control_group")]
    public string? ControlGroup { get; set; }

    [ConfigurationKeyName("state")]
    public string? State { get; set; }

    [ConfigurationKeyName("threads")]
    public int Threads { get; set; }

    [ConfigurationKeyName("device")]
    public string Device { get; set; } = Automatic;

    [ConfigurationKeyName("cpu_variant")]
    public string? CpuVariant { get; set; }

    [ConfigurationKeyName("time_target")]
    public int TimeTarget { get; set; } = 30;

    [ConfigurationKeyName("first_word_target")]
    public double FirstWordTarget { get; set; } = 3;

    [ConfigurationKeyName("context")]
    public int Context { get; set; } = 2048;

    [ConfigurationKeyName("chat_template")]
    public string? ChatTemplate { get; set; }

    [ConfigurationKeyName("thinking")]
    public string Thinking { get; set; } = Off;

    [ConfigurationKeyName("thinking_budget")]
    public int ThinkingBudget { get; set; } = 512;

    [ConfigurationKeyName("style_hints")]
    public string StyleHints { get; set; } = Automatic;

    [ConfigurationKeyName("candidates")]
    public int Candidates { get; set; } = Defaults.Sampling.Candidates;

    [ConfigurationKeyName("max_tokens")]
    public int MaxTokens { get; set; } = Defaults.Sampling.MaxTokens;

    [ConfigurationKeyName("temperature")]
    public float Temperature { get; set; } = Defaults.Sampling.Temperature;

    [ConfigurationKeyName("sampling")]
    public string Sampling { get; set; } = WireName.Of(SamplingMode.Steered);

    [ConfigurationKeyName("ask")]
    public string Ask { get; set; } = WireName.Of(AskMode.Always);

    [ConfigurationKeyName("step_size")]
    public double StepSize { get; set; } = Defaults.HyperParameters.StepSize;

    [ConfigurationKeyName("regularization")]
    public double Regularization { get; set; } = Defaults.HyperParameters.Regularization;

    [ConfigurationKeyName("exploration")]
    public double Exploration { get; set; } = Defaults.HyperParameters.Exploration;

    [ConfigurationKeyName("usefulness")]
    public double Usefulness { get; set; } = Defaults.Usefulness;

    [ConfigurationKeyName("round_lifetime")]
    public int RoundLifetime { get; set; } = (int)Defaults.Lifetime.TotalSeconds;

    /// <summary>How many conversations the daemon keeps as the model has read them.</summary>
    [ConfigurationKeyName("conversations")]
    public int Conversations { get; set; } = 2;

    /// <summary>For how many seconds the daemon keeps a conversation after its last turn.</summary>
    [ConfigurationKeyName("conversation_lifetime")]
    public int ConversationLifetime { get; set; } = 3600;

    [ConfigurationKeyName("trim_conversations")]
    public string TrimConversations { get; set; } = On;

    [ConfigurationKeyName("learn_from_conversations")]
    public string LearnFromConversations { get; set; } = On;

    [ConfigurationKeyName("queue")]
    public int Queue { get; set; } = Defaults.QueueLength;

    [ConfigurationKeyName("profiles")]
    public int Profiles { get; set; } = Defaults.ProfilesStored;

    [ConfigurationKeyName("gpio_chip")]
    public string? GpioChip { get; set; }

    [ConfigurationKeyName("buttons")]
    public string Buttons { get; set; } = "";

    [ConfigurationKeyName("button_active")]
    public string ButtonActive { get; set; } = Wiring.Low;

    [ConfigurationKeyName("button_bias")]
    public string ButtonBias { get; set; } = "up";

    [ConfigurationKeyName("debounce")]
    public int Debounce { get; set; } = 30;

    [ConfigurationKeyName("lamps")]
    public string Lamps { get; set; } = "";

    [ConfigurationKeyName("lamp_active")]
    public string LampActive { get; set; } = Wiring.High;

    [ConfigurationKeyName("load_wait")]
    public int LoadWait { get; set; } = 120;

    /// <summary>The addresses to listen on over TCP.</summary>
    internal IPEndPoint[] ForTcp() => [.. List(Listen).Select(Address)];

    /// <summary>Names by which people reach the device over TCP.</summary>
    internal string[] HostNames() => List(Hosts);

    /// <summary>Sites whose pages may send requests.</summary>
    internal string[] AllowedOrigins() => List(Origins);

    /// <summary>The settings file that the user named; null for the default file.</summary>
    internal string? ConfigFile { get; set; }

    /// <summary>Makes the paths absolute, and checks what <see cref="Setting.Check"/> cannot.</summary>
    internal void Validate()
    {
        Model = Absolute(Model);
        Natives = Absolute(Natives);
        Require(Model is null || File.Exists(Model), $"model: there is no file {Model}{(IsHidden(Model) ? Hidden : "")}");
        Require(Natives is null || Directory.Exists(Natives), $"natives: there is no folder {Natives}");
        Require(DeviceNames.ContainsKey(Device), $"device must be {string.Join(", ", DeviceNames.Keys)}, not {Device}");
        Require(Thinking is Off or On, $"thinking must be {Off} or {On}, not {Thinking}");
        Require(TrimConversations is Off or On, $"trim_conversations must be {Off} or {On}, not {TrimConversations}");
        Require(LearnFromConversations is Off or On, $"learn_from_conversations must be {Off} or {On}, not {LearnFromConversations}");
        Require(WireName.TryParse(Sampling, out SamplingMode _), $"sampling must be {WireName.Choice<SamplingMode>()}, not {Sampling}");
        Require(WireName.TryParse(Ask, out AskMode _), $"ask must be {WireName.Choice<AskMode>()}, not {Ask}");
        _ = ForBoard();
        _ = ForTcp();
        foreach (string host in HostNames())
            Require(Uri.CheckHostName(host) != UriHostNameType.Unknown, $"hosts must be names without ports, such as edge.local, not {host}");
        foreach (string origin in AllowedOrigins())
            Require(
                Uri.TryCreate(origin, UriKind.Absolute, out Uri? site) && origin == $"{site.Scheme}://{site.Authority}",
                $"origins must be sites such as http://edge.local:3000, in small letters and without a path, not {origin}"
            );
        Require(ParseHints()?.All(h => h.Length <= LongestHint) ?? true, $"style_hints: a hint has at most {LongestHint} characters");
    }

    internal LanguageModelOptions ForModel(string path) =>
        new()
        {
            ModelPath = path,
            NativesFolder = Natives,
            ContextTokens = Context,
            Thinking = Thinking == On,
            ThinkingBudget = ThinkingBudget,
            AnswerTokens = MaxTokens,
            Conversations = Conversations,
            ConversationLifetime = TimeSpan.FromSeconds(ConversationLifetime),
            Candidates = Candidates,
            Threads = Threads,
            Device = DeviceNames[Device],
            CpuVariant = CpuVariant,
            ChatTemplate = ChatTemplate,
            StyleHints = ParseHints(),
        };

    internal RoundOptions ForRounds() =>
        new()
        {
            Sampling = new SamplingOptions
            {
                Candidates = Candidates,
                MaxTokens = MaxTokens,
                Temperature = Temperature,
            },
            Steering = WireName.TryParse(Sampling, out SamplingMode mode) && mode == SamplingMode.Steered ? new SteeringOptions() : null,
            HyperParameters = new HyperParameters(StepSize, Regularization, Exploration),
            Usefulness = Usefulness,
            Ask = WireName.TryParse(Ask, out AskMode ask) ? ask : AskMode.Always,
            Lifetime = TimeSpan.FromSeconds(RoundLifetime),
            ConversationLifetime = TimeSpan.FromSeconds(ConversationLifetime),
            TrimConversations = TrimConversations == On,
            LearnFromConversations = LearnFromConversations == On,
            TimeTarget = TimeTarget > 0 ? TimeSpan.FromSeconds(TimeTarget) : null,
            FirstWordTarget = FirstWordTarget > 0 ? TimeSpan.FromSeconds(FirstWordTarget) : null,
            QueueLength = Queue,
            ProfilesStored = Profiles,
        };

    /// <summary>Whether the model may run only on a GPU.</summary>
    internal bool InsistsOnGpu => ForModel("").InsistsOnGpu;

    /// <summary>How buttons and lamps are wired; null if there are none.</summary>
    internal BoardOptions? ForBoard() => Wiring.Read(this);

    private string[]? ParseHints() =>
        StyleHints switch
        {
            Automatic => null,
            None => [],
            _ => StyleHints.Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        };

    /// <summary>Whether the service's sandbox hides the file at this path.</summary>
    internal static bool IsHidden(string? path) =>
        path is not null && (path.StartsWith("/home/", StringComparison.Ordinal) || path.StartsWith("/root/", StringComparison.Ordinal));

    private static string[] List(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    // An address that is written in another way could be read as another one: without brackets, ::1:8765 has no port.
    private static IPEndPoint Address(string text) =>
        IPEndPoint.TryParse(text, out IPEndPoint? address) && address.ToString() == text
            ? address
            : throw new ConfigurationException($"listen must be addresses and ports such as 127.0.0.1:8765 or [::1]:8765, not {text}");

    private static string? Absolute(string? path) => string.IsNullOrEmpty(path) ? path : Path.GetFullPath(path);

    private static void Require(bool holds, string message)
    {
        if (!holds)
            throw new ConfigurationException(message);
    }
}
