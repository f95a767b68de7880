using System.ComponentModel;
using System.Diagnostics;

namespace OnlineRlhf.Daemon.Cli.Doctor;

/// <summary>Asks systemd about the service.</summary>
internal static class ServiceManager
{
    // systemd counts failed starts even after the cause is mended, so the advice resets the count first.
    private const string Part = "systemd",
        Unit = "onlinerlhf.service",
        Restart = "sudo systemctl reset-failed onlinerlhf.socket onlinerlhf.service; sudo systemctl restart onlinerlhf.socket onlinerlhf.service";

    // A user who runs only "systemctl enable --now" on one of these gets "refusing", and finds the port closed.
    private static readonly string[] Ports = ["onlinerlhf-http.socket", "onlinerlhf-lan.socket"];

    // The journal reports single crashes. This many restarts are no accident.
    private const int ManyRestarts = 3;

    internal static Finding Ask()
    {
        Dictionary<string, string>? shown = Show(Unit);
        if (shown is null)
            return Finding.Good(Part, "this machine is not run by systemd");
        string state = shown.GetValueOrDefault("ActiveState", ""),
            result = shown.GetValueOrDefault("Result", ""),
            restarts = shown.GetValueOrDefault("NRestarts", "0");
        if (shown.GetValueOrDefault("LoadState") != "loaded")
            return Finding.Good(Part, $"{Unit} is not installed; the package brings it");
        if (state == "failed")
        {
            string code = shown.GetValueOrDefault("ExecMainStatus", "");
            string limit = result == "start-limit-hit" ? ", what it was may be mended already, it was tried too often" : "";
            return Finding.Wrong(
                Part,
                $"{Unit} has failed ({result}, code {code}{limit}): "
                    + $"sudo journalctl -u {Unit} -n 20 says why{(code == "78" ? ", it is a setting or the model" : "")}; then {Restart}"
            );
        }
        if (shown.GetValueOrDefault("UnitFileState") is "masked" or "disabled" && state != "active")
            return Finding.Wrong(Part, $"{Unit} does not start with the machine: sudo systemctl enable --now {Unit}");
        if (Array.Find(Ports, IsLeftClosed) is { } port)
            return Finding.Wrong(
                Part,
                $"{port} is enabled and not open, for a socket does not start while its service runs: "
                    + $"sudo systemctl stop onlinerlhf.socket onlinerlhf && sudo systemctl start {port} onlinerlhf.socket onlinerlhf"
            );
        return !int.TryParse(restarts, out int count) || count < ManyRestarts
            ? Finding.Good(Part, $"{Unit} is {state}{(count > 0 ? $", and was restarted {Plural.Of(count, "time")}" : "")}")
            : Finding.Wrong(Part, $"{Unit} is {state} and was restarted {restarts} times: sudo journalctl -u {Unit} says why");
    }

    private static bool IsLeftClosed(string port) =>
        Show(port) is { } shown && shown.GetValueOrDefault("UnitFileState") == "enabled" && shown.GetValueOrDefault("ActiveState") != "active";

    /// <summary>Reads a unit's properties; null if systemd is not running.</summary>
    private static Dictionary<string, string>? Show(string unit)
    {
        try
        {
            string[] arguments = ["show", unit, "--property=LoadState,ActiveState,UnitFileState,Result,ExecMainStatus,NRestarts"];
            using Process process = Process.Start(
                new ProcessStartInfo("systemctl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
            )!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode != 0
                ? null
                : output
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(line => line.Split('=', 2))
                    .Where(pair => pair.Length == 2)
                    .ToDictionary(pair => pair[0], pair => pair[1]);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
