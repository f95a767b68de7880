using System.Text.Json;
using OnlineRlhf.Inference.Tests;

namespace OnlineRlhf.EndToEnd.Tests.Models;

/// <summary>Models that compute no numbers, lose their file, were made for search, have no chat template, or lie in several files.</summary>
public sealed class ModelFaultTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [PublishedFact]
    public async Task A_model_that_computes_no_numbers_is_refused_in_one_line_and_changes_nothing()
    {
        using var folder = new TempFolder();
        string model = Save(folder, PatchedModel.WithoutNumbers()),
            settings = folder.Write("settings.json", "{}");
        foreach (string[] verb in new[] { new[] { "serve", "--threads", "1", "--model", model }, ["model", "use", model, "--config", settings] })
        {
            Program.Ended ended = await Program.RunAsync(folder, verb);
            Assert.Equal(78, ended.ExitCode);
            Assert.Contains(
                "not a number",
                Assert.Single(ended.ErrorLines, l => l.StartsWith("onlinerlhf:", StringComparison.Ordinal)),
                StringComparison.Ordinal
            );
        }
        Assert.Equal("{}", await File.ReadAllTextAsync(settings, Cancel));
        Assert.Empty(Directory.EnumerateFiles(folder.State, "*.gguf", SearchOption.AllDirectories));
    }

    [PublishedFact]
    public async Task One_text_that_spoils_the_output_is_named_and_the_others_are_learned()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(
            folder,
            "--model",
            Save(folder, PatchedModel.Poisoned(PatchedModel.Rice))
        );
        string data = folder.Write(
            "poison.jsonl",
            """
            {"prompt":"Hello","chosen":"Good day.","rejected":"What?"}
            {"prompt":"How do I cook rice?","chosen":"In water.","rejected":"What?"}
            {"prompt":"Bye","chosen":"Good night.","rejected":"What?"}
            """
        );
        Program.Ended learned = await Program.RunAsync(folder, "learn", data);

        Assert.True(learned.ExitCode == 0, learned.Errors);
        Assert.StartsWith("line 2 is skipped: ", Assert.Single(learned.ErrorLines), StringComparison.Ordinal);
        Assert.Contains("not a number", learned.Errors, StringComparison.Ordinal);
        Assert.Contains("holds 2.", learned.Output, StringComparison.Ordinal);
        Reply asked = await daemon.Client.AskAsync("How do I cook rice?");
        asked.MustBeProblem(422, "not a number");
        Assert.Equal("not-finite", asked.Reason);
        Assert.Equal(201, (await daemon.Client.AskAsync("How do I make tea?")).Status);
        Assert.DoesNotContain(" at OnlineRlhf", daemon.Log, StringComparison.Ordinal);
    }

    [PublishedTheory]
    [InlineData("cut")]
    [InlineData("written over")]
    [InlineData("replaced")]
    public async Task A_model_file_that_changes_is_told_and_the_daemon_ends(string how)
    {
        using var folder = new TempFolder();
        string model = Save(folder, PatchedModel.Whole);
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--model", model);
        Reply open = await daemon.Client.AskForTwoAsync();
        if (how == "replaced")
        {
            await File.WriteAllBytesAsync(model + ".new", PatchedModel.WithNumber("llama.context_length", 1024), Cancel);
            File.Move(model + ".new", model, overwrite: true);
        }
        else
        {
            await using FileStream file = new(model, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            if (how == "cut")
                file.SetLength(200_000);
            else
                await file.WriteAsync(PatchedModel.WithNumber("llama.context_length", 1024), Cancel);
        }
        Assert.Equal(1, (await daemon.Client.PreferAsync(open.Id, "first")).Comparisons);
        Reply asked = await daemon.Client.AskAsync("Hello");

        asked.MustBeProblem(503, model, "start the daemon again");
        Assert.Equal("model-changed", asked.Reason);
        Assert.Equal(78, await daemon.WaitForExitAsync());
        Assert.Single(
            daemon.Log.Split('\n'),
            l => l.StartsWith("onlinerlhf:", StringComparison.Ordinal) && l.Contains(model, StringComparison.Ordinal)
        );
        if (how == "cut")
            return;
        // The other model has a state of its own, in which the press is not.
        await using DaemonProcess again = await DaemonProcess.StartReadyAsync(folder, "--model", model);
        Assert.Equal(1, (await again.Client.PreferAsync((await again.Client.AskForTwoAsync()).Id, "first")).Comparisons);
    }

    [PublishedFact]
    public async Task A_model_for_search_is_refused_by_all_with_the_same_sentence()
    {
        using var folder = new TempFolder();
        string model = Save(folder, PatchedModel.With("llama.pooling_type", 3)),
            settings = folder.Write("settings.json", "{}");
        List<string> said = [];
        foreach (
            string[] verb in new[]
            {
                new[] { "model", "check", model },
                ["model", "use", model, "--config", settings],
                ["serve", "--threads", "1", "--model", model],
            }
        )
        {
            Program.Ended ended = await Program.RunAsync(folder, verb);
            Assert.Equal(78, ended.ExitCode);
            said.Add(Assert.Single(ended.ErrorLines));
        }
        Assert.Contains("embedding model", Assert.Single(said.Distinct()), StringComparison.Ordinal);
        Program.Ended doctor = await Program.RunAsync(folder, "doctor", "--model", model);
        Assert.Contains("embedding model", doctor.Output, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task A_file_without_a_chat_template_says_so_everywhere()
    {
        using var folder = new TempFolder();
        string model = Save(folder, PatchedModel.Renamed("tokenizer.chat_template", "tokenizer.chat_templatx"));
        Program.Ended check = await Program.RunAsync(folder, "model", "check", model),
            named = await Program.RunAsync(folder, "model", "check", model, "--chat-template", "chatml");
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--model", model);
        Program.Ended status = await Program.RunAsync(folder, "status"),
            doctor = await Program.RunAsync(folder, "doctor", "--model", model);

        Assert.All(
            [check.Output, daemon.Log, status.Output, doctor.Output],
            says => Assert.Contains("ChatML is assumed", says, StringComparison.Ordinal)
        );
        Assert.Equal((0, 0), (check.ExitCode, named.ExitCode));
        Assert.Contains("template   known", named.Output, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task A_model_in_several_files_is_served_where_all_are_there_and_not_copied()
    {
        using var folder = new TempFolder();
        string first = PatchedModel.Split(folder.Root, 3),
            second = first.Replace("-00001-", "-00002-", StringComparison.Ordinal),
            settings = folder.Write("settings.json", "{}");
        Program.Ended json = await Program.RunAsync(folder, "model", "check", "--json", first),
            used = await Program.RunAsync(folder, "model", "use", first, "--config", settings);

        JsonElement report = JsonSerializer.Deserialize<JsonElement>(json.Output);
        Assert.Equal((0, 3), (json.ExitCode, report.GetProperty("files").GetInt32()));
        Assert.True(report.GetProperty("file_bytes").GetInt64() > new FileInfo(DemoModelFile.Path).Length);
        Assert.Equal(78, used.ExitCode);
        Assert.Contains("--merge", Assert.Single(used.ErrorLines), StringComparison.Ordinal);
        Assert.Equal("{}", await File.ReadAllTextAsync(settings, Cancel));
        await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--model", first))
            Assert.Equal(201, (await daemon.Client.AskAsync("Hello")).Status);
        File.Delete(second);
        foreach (string[] verb in new[] { new[] { "model", "check", first }, ["serve", "--threads", "1", "--model", first] })
        {
            Program.Ended ended = await Program.RunAsync(folder, verb);
            Assert.Equal(78, ended.ExitCode);
            Assert.Contains(Path.GetFileName(second), Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
        }
    }

    private static string Save(TempFolder folder, byte[] model)
    {
        string path = Path.Combine(folder.Root, "model.gguf");
        File.WriteAllBytes(path, model);
        return path;
    }
}
