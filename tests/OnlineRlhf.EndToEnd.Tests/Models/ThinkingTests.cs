using System.Text.Json;
using OnlineRlhf.Inference.Tests;

namespace OnlineRlhf.EndToEnd.Tests.Models;

/// <summary>A model that thinks before it answers, as its user meets it.</summary>
public sealed class ThinkingTests
{
    private const string Template =
        MarkovModel.ChatMl + "{% if add_generation_prompt %}{% if not enable_thinking %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}{% endif %}";

    [PublishedFact]
    public async Task Thoughts_are_never_shown_and_every_verb_says_what_is_done_about_them()
    {
        using var folder = new TempFolder();
        MarkovModel reasoner = new MarkovModel { Template = Template }
            .After("\n", "<think>")
            .After("<think>", " hmm")
            .After(" hmm", " hmm", "</think>")
            .After("</think>", "\n\n")
            .After("\n\n", "Yes", "No", "Maybe")
            .After("Yes", MarkovModel.End)
            .After("No", MarkovModel.End)
            .After("Maybe", MarkovModel.End);
        string model = reasoner.Write(Path.Combine(folder.Root, "reasoner.gguf"));

        Program.Ended off = await Program.RunAsync(folder, "model", "check", model),
            on = await Program.RunAsync(folder, "model", "check", model, "--thinking", "on", "--thinking-budget", "99");
        Assert.Contains("thinking   switched off", off.Output, StringComparison.Ordinal);
        Assert.Contains("thinks for up to 99 tokens", on.Output, StringComparison.Ordinal);
        foreach (string thinking in new[] { "off", "on" })
        {
            await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--model", model, "--thinking", thinking);
            Reply round = await daemon.Client.AskForTwoAsync("Will it rain?", thinking);
            foreach (string answer in new[] { "first", "second" })
            {
                JsonElement shown = round.Json.GetProperty(answer);
                Assert.Contains(shown.GetProperty("text").GetString(), new[] { "Yes", "No", "Maybe" });
                Assert.Equal(2, shown.GetProperty("tokens").GetInt32());
            }
            Program.Ended status = await Program.RunAsync(folder, "status");
            Assert.Contains(thinking == "on" ? "thinking   on: " : "thinking   switched off", status.Output, StringComparison.Ordinal);
        }
        Program.Ended wrong = await Program.RunAsync(folder, "serve", "--thinking", "maybe");
        Assert.Equal((78, "onlinerlhf: thinking must be off or on, not maybe"), (wrong.ExitCode, Assert.Single(wrong.ErrorLines)));
    }
}
