using System.Diagnostics;
using OnlineRlhf.Daemon.Cli.Demo;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Inference;
using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Cli.Models;

/// <summary>Loads a model as the daemon will and calibrates its features, so that what cannot work is told now and the daemon need not measure at its start.</summary>
internal sealed class Trial(string state, DaemonOptions options, ModelReport report)
{
    /// <summary>What came of it, in words.</summary>
    internal string Outcome { get; private set; } = "";

    /// <exception cref="InferenceException">llama.cpp refuses the model.</exception>
    internal void Run(string path, CancellationToken cancellationToken)
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
            using LanguageModel model = LanguageModel.Load(options.ForModel(path), cancellationToken);
            string calibration = PreferenceLoop.Calibrate(model, state, cancellationToken);
            GiveAway(calibration);
        }
        finally
        {
            Screen.Progress("");
        }
        Outcome = $"once, in {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s";
    }

    /// <summary>What root wrote belongs to whoever owns the folder: the daemon's user.</summary>
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
