using System.CommandLine;
using OnlineRlhf.Experiments;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Gguf;

var root = new RootCommand("The experiments of \"Provably Efficient Online RLHF with One-Pass Reward Modeling\" on this project's own learner and loop.") { PaperVerb.Create(), FeaturesVerb.Create() };
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("onlinerlhf-experiments: stopped; the same command goes on with what is missing.");
    return 1;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or InferenceException or ModelFileException)
{
    Console.Error.WriteLine($"onlinerlhf-experiments: {e.Message}");
    return 1;
}
