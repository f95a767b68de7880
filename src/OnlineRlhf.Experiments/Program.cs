using System.CommandLine;
using OnlineRlhf.Experiments;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Gguf;

var root = new RootCommand(
    "The experiments of \"Provably Efficient Online RLHF with One-Pass Reward Modeling\" on this project's own learner and loop."
)
{
    PaperVerb.Create(),
    FeaturesVerb.Create(),
};
try
{
    System.CommandLine.ParseResult parsed = root.Parse(args);
    int code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    return parsed.Errors.Count > 0 ? 2 : code;
}
catch (OperationCanceledException e)
{
    Console.Error.WriteLine($"onlinerlhf-experiments: {e.Message}");
    return 130;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or InferenceException or ModelFileException)
{
    Console.Error.WriteLine($"onlinerlhf-experiments: {e.Message}");
    return 1;
}
