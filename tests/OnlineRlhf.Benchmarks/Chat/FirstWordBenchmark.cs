using System.Diagnostics;
using System.Threading.Channels;
using OnlineRlhf.Benchmarks.Measuring;
using OnlineRlhf.Benchmarks.Reporting;
using OnlineRlhf.Benchmarks.Tastes;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Benchmarks.Chat;

/// <summary>
/// How long a person waits for the first word of a round that asks nothing, and for the whole answer: steered, chosen whole, and from llama.cpp's own
/// server.
/// </summary>
/// <param name="report">Takes the measurements.</param>
/// <param name="model">The model.</param>
/// <param name="server">llama.cpp's server on the same model.</param>
/// <param name="directory">A folder for the state.</param>
internal sealed class FirstWordBenchmark(Report report, LanguageModel model, LlamaServer server, string directory)
{
    // Enough for the loop to know every hint: then its rounds are like those of every day.
    private const int Presses = 36,
        PressedTokens = 80;
    private const double PlainBar = 1.3,
        WholeBar = 0.6;

    // What the model has read is kept for each profile: nobody continues the prompt of another.
    private const string Whole = "whole",
        Steered = "steered",
        Nobody = "nobody";

    internal async Task RunAsync(int pairs)
    {
        using var folder = WorkFolder.Create(directory);
        var options = new RoundOptions { Sampling = new SamplingOptions { MaxTokens = PressedTokens } };
        using PreferenceLoop whole = await OpenAsync(folder.Sub("whole"), options).ConfigureAwait(false);
        using PreferenceLoop steered = await OpenAsync(folder.Sub("steered"), options with { Steering = new SteeringOptions() })
            .ConfigureAwait(false);
        await LearnAsync(steered, Steered).ConfigureAwait(false);
        await LearnAsync(whole, Whole).ConfigureAwait(false);
        foreach ((int tokens, double bar) in ((int, double)[])[(PressedTokens, 0.15), (160, 0.1)])
            await MeasureAsync(whole, steered, tokens, bar, pairs).ConfigureAwait(false);
    }

    private async Task MeasureAsync(PreferenceLoop whole, PreferenceLoop steered, int tokens, double bar, int pairs)
    {
        List<double> first = [],
            all = [],
            beside = [],
            plain = [];
        for (int pair = 0; pair < pairs; pair++)
        {
            ChatMessage[] messages = [new("user", EverydayRequests.All[Presses + pair])];
            (_, double chosen) = await ServeAsync(whole, Whole, messages, tokens).ConfigureAwait(false);
            (double word, double written) = await ServeAsync(steered, Steered, messages, tokens).ConfigureAwait(false);
            (double early, _) = await ServeAsync(steered, Nobody, messages, tokens).ConfigureAwait(false);
            double served = First(messages);
            first.Add(word / chosen);
            all.Add(written / chosen);
            beside.Add(word / served);
            plain.Add(early / served);
        }
        string name = $"first word, at most {tokens} tokens";
        report.Add(new Measurement($"{name}: steered ÷ a round of whole answers, median of {pairs}", first.Median(), AtMost: bar));
        report.Add(new Measurement($"{name}: steered ÷ llama.cpp's server", beside.Median()));
        report.Add(new Measurement($"{name}: one plain answer, before the first press ÷ llama.cpp's server", plain.Median(), AtMost: PlainBar));
        report.Add(new Measurement($"whole answer, at most {tokens} tokens: steered ÷ whole", all.Median(), AtMost: WholeBar));
    }

    private Task<PreferenceLoop> OpenAsync(string state, RoundOptions options) =>
        PreferenceLoop.OpenAsync(model, state, options, TimeProvider.System);

    /// <summary>Lets somebody who likes short answers press.</summary>
    private static async Task LearnAsync(PreferenceLoop loop, string profile)
    {
        for (int press = 0; press < Presses; press++)
        {
            var request = new RoundRequest([new ChatMessage("user", EverydayRequests.All[press])])
            {
                Profile = profile,
                Seed = (uint)press,
                Ask = AskMode.Always,
            };
            Round round = await loop.OpenRoundAsync(request).ConfigureAwait(false);
            if (round.Asked)
                await loop.GiveFeedbackAsync(round.Id, round.First.Text.Length < round.Second!.Text.Length ? Preferred.First : Preferred.Second)
                    .ConfigureAwait(false);
        }
    }

    /// <summary>The milliseconds until the first word, and until the round is open.</summary>
    private static async Task<(double First, double Whole)> ServeAsync(PreferenceLoop loop, string profile, ChatMessage[] messages, int tokens)
    {
        var written = new FirstWriting();
        long start = Stopwatch.GetTimestamp();
        var request = new RoundRequest(messages)
        {
            Profile = profile,
            Ask = AskMode.Never,
            MaxTokens = tokens,
        };
        await loop.OpenRoundAsync(request, written).ConfigureAwait(false);
        double whole = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        return (written.At is { } at ? Stopwatch.GetElapsedTime(start, at).TotalMilliseconds : whole, whole);
    }

    /// <summary>The milliseconds until the server's first token of the same prompt.</summary>
    private double First(ChatMessage[] messages)
    {
        Prompt prompt = model.BuildPrompt(messages, [null]);
        // Another text first, so that nothing of the prompt is known.
        _ = server.Complete([0], 1, 1);
        return Clock.Milliseconds(() => server.Complete([.. prompt.Shared, .. prompt.Suffixes[0]], 1, 1));
    }

    /// <summary>Notes when the first words came.</summary>
    private sealed class FirstWriting : ChannelWriter<RoundEvent.Writing>
    {
        internal long? At { get; private set; }

        public override bool TryWrite(RoundEvent.Writing item)
        {
            At ??= Stopwatch.GetTimestamp();
            return true;
        }

        public override ValueTask<bool> WaitToWriteAsync(CancellationToken cancellationToken = default) => new(true);
    }
}
