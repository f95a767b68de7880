namespace OnlineRlhf.EndToEnd.Tests.Taste;

/// <summary>What all of this is for: presses over the socket change the answers.</summary>
public sealed class LearningTests
{
    private const int Presses = 30;

    private static readonly string[] Learned =
    [
        "How do I make tea?",
        "Can you tell me about the moon?",
        "How can I sleep better?",
        "Tell me about bread.",
        "What is good about walking?",
        "Can you help me with my garden?",
    ];

    private static readonly string[] Unseen =
    [
        "Tell me about cats.",
        "How do I learn to swim?",
        "What should I read?",
        "Can you tell me about music?",
        "How do I bake a cake?",
        "What do you think of rain?",
        "How do I fix a bicycle?",
        "Tell me about the sea.",
    ];

    [PublishedFact]
    public async Task Somebody_who_prefers_short_answers_gets_shorter_ones_also_after_a_restart()
    {
        using var folder = new TempFolder();
        double untouched,
            learned,
            restarted;
        await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder))
        {
            for (int n = 0; n < Presses; n++)
            {
                Reply round = await daemon.Client.AskForTwoAsync(Learned[n % Learned.Length], "a", $""" "seed": {n} """);
                int first = round.First.Length,
                    second = round.Second!.Length;
                await daemon.Client.PreferAsync(
                    round.Id,
                    first < second ? "first"
                        : first > second ? "second"
                        : "tie"
                );
            }
            untouched = await MeanLengthAsync(daemon, "b");
            learned = await MeanLengthAsync(daemon, "a");
            await daemon.KillAsync();
        }
        await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder))
            restarted = await MeanLengthAsync(daemon, "a");

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"Mean characters on unseen requests: untouched {untouched:F0}, learned {learned:F0}, after a restart {restarted:F0}."
        );
        Assert.True(learned < 0.75 * untouched, $"{learned} after {Presses} presses, {untouched} before any.");
        Assert.True(restarted < 0.75 * untouched, $"{restarted} after a restart, {untouched} before any press.");
    }

    private static async Task<double> MeanLengthAsync(DaemonProcess daemon, string profile)
    {
        double sum = 0;
        int count = 0;
        foreach (string request in Unseen)
        {
            for (int seed = 1000; seed < 1003; seed++, count++)
                sum += (await daemon.Client.AskAsync(request, profile, $""" "ask": "never", "seed": {seed} """)).First.Length;
        }
        return sum / count;
    }
}
