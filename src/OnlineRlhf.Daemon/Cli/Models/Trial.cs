using System.Diagnostics;
using OnlineRlhf.Daemon.Cli.Demo;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Engine;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Inference;
using OnlineRlhf.Rounds;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Cli.Models;

/// <summary>
/// Loads a model as the daemon does, chooses the build that decodes it fastest, and calibrates its features. So the user learns now if the model
/// cannot work, and the daemon need not measure when it starts.
/// </summary>
internal sealed class Trial(string state, DaemonOptions options, ModelReport report)
{
    private string _engine = "";

    /// <summary>The outcome in words.</summary>
    internal string Outcome { get; private set; } = "";

    /// <exception cref="InferenceException">llama.cpp cannot load or run the model.</exception>
    internal async Task RunAsync(string path, CancellationToken cancellationToken)
    {
        if (report.NeededBytes > report.AvailableBytes)
        {
            Outcome = "not now, for want of free memory: the daemon does it at its next start, in 20 seconds to minutes";
            return;
        }
        Screen.Progress("measuring the model, once: 20 seconds to minutes");
        long start = Stopwatch.GetTimestamp();
        try
        {
            var machine = new EngineSetup(options, path, state);
            EngineChoice? choice = await machine.TryAsync(static (_, _) => { }, cancellationToken).ConfigureAwait(false);
            using LanguageModel model = LanguageModel.Load(EngineSetup.Apply(choice, options.ForModel(path)), cancellationToken);
            string calibration = PreferenceLoop.Calibrate(model, state, cancellationToken);
            GiveAway(calibration);
            if (choice is null)
                return;
            machine.Keep(choice);
            GiveAway(machine.KeptIn);
            _engine = $"; CPU backend {EngineBody.Of(choice, machine.Version, machine.UsualBuild).DescribeChoice()}";
        }
        finally
        {
            Screen.Progress("");
            Outcome = $"once, in {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s{_engine}";
        }
    }

    /// <summary>Gives a file that root wrote to the owner of the state folder, who is the daemon's user.</summary>
    private void GiveAway(string file)
    {
        if (!Environment.IsPrivilegedProcess)
            return;
        using Process process = Process.Start("chown", ["--no-dereference", "--reference", state, "--", file]);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new IOException($"{file} could not be given to the owner of {state}.");
    }
}
