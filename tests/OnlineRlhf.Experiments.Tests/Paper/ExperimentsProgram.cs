using System.Diagnostics;

namespace OnlineRlhf.Experiments.Tests.Paper;

/// <summary>The program as a user starts it.</summary>
internal static class ExperimentsProgram
{
    internal static Process Start(params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "onlinerlhf-experiments.dll");
        return Process.Start(
            new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
    }

    internal static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        using Process process = Start(arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(),
            errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            process.Kill();
        }
        return (process.ExitCode, await output + await errors);
    }
}
