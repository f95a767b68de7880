using System.CommandLine;
using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Paper;
using OnlineRlhf.Experiments.Problems;

namespace OnlineRlhf.Experiments;

/// <summary>onlinerlhf-experiments paper: computes what is missing, and writes the report.</summary>
internal static class PaperVerb
{
    internal static Command Create()
    {
        var quick = new Option<bool>("--quick") { Description = "enough to see in minutes that the orderings hold" };
        var output = new Option<DirectoryInfo>("--output")
        {
            Description = "the folder of the report and its results; what is there already is not computed again",
            DefaultValueFactory = _ => new DirectoryInfo("paper"),
        };
        var model = new Option<FileInfo?>("--model")
        {
            Description = "a language model in GGUF format for the part where one is in the loop; without it the demo model, a real one takes hours",
        };
        var part = new Option<string[]>("--part")
        {
            Description = $"only these parts: {string.Join(", ", PaperRun.Parts)}",
            AllowMultipleArgumentsPerToken = true,
        };
        part.AcceptOnlyFromAmong(PaperRun.Parts);
        var job = new Option<Share?>("--job")
        {
            Description = "K/N: compute only the K-th of N shares and write no report; shares may run anywhere, at any time, into one folder",
            CustomParser = result =>
            {
                if (Share.TryParse(result.Tokens[0].Value, out Share share))
                    return share;
                result.AddError("--job takes K/N, K from 1 to N, as in --job 3/16");
                return null;
            },
        };
        var workers = new Option<int>("--workers")
        {
            Description = "how many cells are computed at the same time",
            DefaultValueFactory = _ => Environment.ProcessorCount,
        };
        workers.Validators.Add(result => CommandLine.AtLeast(result, 1));
        var features = new Option<FileInfo?>("--features")
        {
            Description = "human preferences as the features verb writes them; without it that part is left out",
        };
        var command = new Command(
            "paper",
            "Compute the experiments and write the report: "
                + "report.md, its plots, and numbers.json; of some parts, a report of its own. Exit code 1 where a claim does not hold."
        )
        {
            quick,
            output,
            part,
            features,
            model,
            job,
            workers,
        };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                bool isQuick = parsed.GetValue(quick);
                if (parsed.GetValue(features) is null && parsed.GetValue(part)?.Contains("preferences") == true)
                    throw new IOException(
                        "the part preferences takes --features FILE, which the features verb writes: the project has no one's preferences in it."
                    );
                PreferenceFeatures? preferences = parsed.GetValue(features) is { } file ? PreferenceFeatures.Read(file.FullName) : null;
                var paper = new PaperRun(
                    isQuick ? Scale.Quick : Scale.Full,
                    parsed.GetValue(output)!.FullName,
                    preferences,
                    parsed.GetValue(model)?.FullName,
                    parsed.GetValue(part) ?? []
                );
                try
                {
                    await paper.ComputeAsync(parsed.GetValue(job) ?? Share.All, parsed.GetValue(workers), cancellationToken).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    throw new OperationCanceledException("stopped; the same command goes on with what is missing.");
                }
                if (parsed.GetValue(job) is not null)
                    return 0;
                return paper.WriteReport() ? 0 : 1;
            }
        );
        return command;
    }
}
