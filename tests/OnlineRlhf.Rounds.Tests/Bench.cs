using System.Collections.Concurrent;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Feedback;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>A loop on the demo model, with a state folder of its own and a clock that stands still.</summary>
internal sealed class Bench : IDisposable
{
    private static readonly DemoModel File = DemoModel.Open();
    private static readonly Lazy<LanguageModel> Shared = new(() =>
        LanguageModel.Load(
            new LanguageModelOptions
            {
                ModelPath = File.Path,
                Threads = 1,
                ContextTokens = 512,
            }
        )
    );
    private readonly string _state = Directory.CreateTempSubdirectory("onlinerlhf-rounds-").FullName;

    internal Bench(RoundOptions? options = null)
    {
        Options = options ?? new RoundOptions();
        Options = Options with { Sampling = Options.Sampling with { MaxTokens = 40, Temperature = 1 } };
        Loop = NewLoop();
    }

    internal static LanguageModel Model => Shared.Value;

    internal static string ModelPath => File.Path;

    internal ObservedClock Clock { get; } = new();

    internal RoundOptions Options { get; private set; }

    internal EventHub Events { get; } = new();

    internal PreferenceLoop Loop { get; private set; }

    /// <summary>Called whenever a profile is opened from the disk.</summary>
    internal Action<string> Opened { get; set; } = _ => { };

    /// <summary>How profiles were opened, and which were removed.</summary>
    internal ConcurrentQueue<RecoveryReport> Reports { get; } = new();

    internal string State => _state;

    internal string ProfileFolder(string profile) => Path.Combine(_state, "profiles", Model.Fingerprint[..16], profile);

    internal void Restart(Func<RoundOptions, RoundOptions>? change = null)
    {
        Loop.Dispose();
        Options = change?.Invoke(Options) ?? Options;
        Loop = NewLoop();
    }

    internal static RoundRequest Ask(
        string text = "Tell me a joke.",
        string profile = RoundRequest.DefaultProfile,
        AskMode? ask = null,
        uint seed = 1
    ) =>
        new([new ChatMessage("user", text)])
        {
            Profile = profile,
            Ask = ask,
            Seed = seed,
        };

    internal Task<Round> OpenAsync(
        string text = "Tell me a joke.",
        string profile = RoundRequest.DefaultProfile,
        AskMode? ask = null,
        uint seed = 1
    ) => Loop.OpenRoundAsync(Ask(text, profile, ask, seed), TestContext.Current.CancellationToken);

    internal Task<FeedbackResult> PressAsync(Guid round, Preferred preferred) =>
        Loop.GiveFeedbackAsync(round, preferred, TestContext.Current.CancellationToken);

    internal async Task<RoundError> RefusalAsync(Guid round, Preferred preferred) =>
        (await Assert.ThrowsAsync<RoundException>(() => PressAsync(round, preferred))).Error;

    public void Dispose()
    {
        Loop.Dispose();
        if (Directory.Exists(_state))
            Directory.Delete(_state, recursive: true);
    }

    private PreferenceLoop NewLoop() => PreferenceLoop.OpenAsync(Model, _state, Options, Clock, Events, Report).GetAwaiter().GetResult();

    private void Report(string profile, RecoveryReport recovery)
    {
        Reports.Enqueue(recovery);
        Opened(profile);
    }
}
