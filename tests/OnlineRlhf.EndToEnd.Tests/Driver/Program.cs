using System.Diagnostics;

namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>Runs a verb of the published program to its end.</summary>
internal static class Program
{
    /// <summary>How long anything may take on a machine that is busy, or emulated.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(300);

    internal sealed record Ended(int ExitCode, string Output, string Errors)
    {
        internal string[] ErrorLines => Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    internal static Task<Ended> RunAsync(TempFolder folder, params string[] arguments) => RunAsync(folder, [], null, arguments);

    internal static Task<Ended> RunAsync(TempFolder folder, Variables environment, string? input, params string[] arguments) =>
        RunAsync(Published.Path, folder, environment, input, arguments);

    /// <summary>Runs another program, which starts the published one.</summary>
    internal static async Task<Ended> RunAsync(string program, TempFolder folder, Variables environment, string? input, params string[] arguments)
    {
        ProcessStartInfo start = Describe(folder, environment, arguments);
        start.FileName = program;
        using Process process = Process.Start(start)!;
        if (input is not null)
            await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(),
            errors = process.StandardError.ReadToEndAsync();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"onlinerlhf {string.Join(' ', arguments)} did not end. It said: {await output} {await errors}");
        }
        return new Ended(process.ExitCode, await output, await errors);
    }

    /// <summary>How the program is started: with the test's folders, and none of the settings of whoever runs the tests.</summary>
    internal static ProcessStartInfo Describe(TempFolder folder, IEnumerable<KeyValuePair<string, string>> environment, IEnumerable<string> arguments)
    {
        if (!File.Exists(Published.Path))
            throw new InvalidOperationException($"{Published.Variable} names no published program: run ./test.sh, which publishes it.");
        var start = new ProcessStartInfo(Published.Path, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Root,
        };
        foreach (
            string name in start
                .Environment.Keys.Where(n => n.StartsWith("ONLINERLHF_", StringComparison.Ordinal) && n != "ONLINERLHF_TEST_RUN")
                .ToArray()
        )
            start.Environment.Remove(name);
        start.Environment.Remove("NOTIFY_SOCKET");
        start.Environment["RUNTIME_DIRECTORY"] = folder.Runtime;
        start.Environment["STATE_DIRECTORY"] = folder.State;
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return start;
    }
}
