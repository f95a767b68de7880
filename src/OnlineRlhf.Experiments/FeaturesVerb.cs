using System.Buffers;
using System.CommandLine;
using OnlineRlhf.DataSets;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;
using Spectre.Console;

namespace OnlineRlhf.Experiments;

/// <summary>onlinerlhf-experiments features: reads human preferences with a language model once, so that experiments need neither.</summary>
internal static class FeaturesVerb
{
    internal static Command Create()
    {
        var data = new Argument<FileInfo>("data") { Description = "pairs as JSON lines with prompt, chosen and rejected, plain or in gzip" };
        data.AcceptExistingOnly();
        var model = new Option<FileInfo?>("--model")
        {
            Description = "a language model in GGUF format; without it the demo model, which knows little",
        };
        var output = new Option<FileInfo>("--output")
        {
            Description = "the file of features: differences of feature vectors and lengths, no text",
            DefaultValueFactory = _ => new FileInfo("preferences.features"),
        };
        var threads = new Option<int>("--threads") { Description = "threads that decode; 0 takes what suits the model" };
        threads.Validators.Add(result => CommandLine.AtLeast(result, 0));
        var command = new Command("features", "Write the features of human preferences, for paper --features.") { data, model, output, threads };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                try
                {
                    await WriteAsync(
                            parsed.GetValue(data)!.FullName,
                            parsed.GetValue(model)?.FullName,
                            parsed.GetValue(output)!.FullName,
                            parsed.GetValue(threads),
                            cancellationToken
                        )
                        .ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    throw new OperationCanceledException("stopped; nothing was written: the same command begins anew.");
                }
                return 0;
            }
        );
        return command;
    }

    private static async Task WriteAsync(string data, string? modelPath, string output, int threads, CancellationToken cancellationToken)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(output)) is { } folder)
            _ = Directory.CreateDirectory(folder);
        PreferenceFile file = await PreferenceFile.OpenAsync(data, cancellationToken).ConfigureAwait(false);
        using var source = ModelSource.Open(modelPath);
        using LanguageModel model = LanguageModel.Load(
            new LanguageModelOptions
            {
                ModelPath = source.Path,
                Candidates = 1,
                Threads = threads,
            },
            cancellationToken
        );
        string state = Directory.CreateTempSubdirectory("onlinerlhf-features-").FullName;
        try
        {
            using PreferenceLoop loop = await PreferenceLoop
                .OpenAsync(
                    model,
                    state,
                    new RoundOptions(),
                    TimeProvider.System,
                    calibrating: () => Console.WriteLine("measuring the model, once ..."),
                    cancellationToken: cancellationToken
                )
                .ConfigureAwait(false);
            List<int> prompts = [];
            List<float> lengths = [],
                differences = [];
            Dictionary<string, int> known = [];
            int skipped = 0;
            await AnsiConsole
                .Progress()
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
                .StartAsync(async context =>
                {
                    ProgressTask bar = context.AddTask($"{file.Lines} pairs", maxValue: file.Lines);
                    await foreach ((long number, ReadOnlySequence<byte>? content) in file.ReadAsync(cancellationToken).ConfigureAwait(false))
                    {
                        bar.Increment(1);
                        try
                        {
                            PreferencePair pair = file.Pair(number, content ?? throw new FormatException("it is too long."));
                            if (pair.IsTie)
                                throw new FormatException("it is a tie.");
                            float[] z = await loop.CompareAsync(new ComparisonRequest(pair.Messages, pair.Chosen, pair.Rejected), cancellationToken)
                                .ConfigureAwait(false);
                            prompts.Add(PromptNumber(pair.Messages, known));
                            lengths.Add((float)(LogWords(pair.Chosen) - LogWords(pair.Rejected)));
                            differences.AddRange(z);
                        }
                        catch (Exception e)
                            when (e
                                    is FormatException
                                        or RoundException
                                        or InferenceException { Error: InferenceError.PromptTooLong or InferenceError.NotFinite }
                            )
                        {
                            skipped++;
                            await Console.Error.WriteLineAsync($"line {number} is skipped: {e.Message}").ConfigureAwait(false);
                        }
                    }
                })
                .ConfigureAwait(false);
            if (prompts.Count == 0)
                throw new IOException(
                    $"{data} holds no usable pair: each line must be a JSON object with prompt, chosen and rejected, "
                        + $"and fit the context of {model.ContextTokens} tokens. Nothing was written."
                );
            new PreferenceFeatures
            {
                Model = model.Name,
                Skipped = skipped,
                Fingerprint = $"{model.Fingerprint} {loop.FeatureMap.Fingerprint}",
                Dimension = loop.FeatureMap.Dimension,
                Prompts = [.. prompts],
                Lengths = [.. lengths],
                Differences = [.. differences],
            }.Write(output);
            Console.WriteLine(
                $"{prompts.Count} pairs of {known.Count} prompts, "
                    + $"{skipped} skipped (malformed, empty, or longer than the context of {model.ContextTokens} tokens)."
            );
            Console.WriteLine($"Written: {output}");
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    /// <summary>A conversation is told from others by how it begins: its later turns were written for one pair.</summary>
    private static int PromptNumber(IReadOnlyList<ChatMessage> messages, Dictionary<string, int> known)
    {
        string first = messages.First(m => m.Role == "user").Content;
        if (!known.TryGetValue(first, out int number))
            known[first] = number = known.Count;
        return number;
    }

    private static double LogWords(string answer) => Math.Log(1 + answer.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length);
}
