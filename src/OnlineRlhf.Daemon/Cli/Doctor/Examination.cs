using System.Globalization;
using OnlineRlhf.Daemon.Cli.Models;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Engine;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Hardware;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Cli.Doctor;

/// <summary>Checks everything that a daemon with these settings needs. It changes nothing and does not disturb a running daemon.</summary>
internal sealed class Examination(DaemonOptions options, HealthBody? running, string? unreachable)
{
    // Presses need room on the disk: a profile's first press allocates its whole state file.
    private const long LeastDiskBytes = 128L << 20;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite
        | UnixFileMode.OtherExecute;
    private static readonly DateTime Released = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly string _state = Locations.StateBehind(options.State, options.Socket);

    private bool IsSystem => Locations.IsSystem(Locations.Connect(options.Socket));

    internal IEnumerable<Finding> Findings()
    {
        yield return Model();
        yield return Engine();
        yield return Device();
        yield return Threads();
        yield return Rounds();
        yield return Board();
        yield return Socket();
        yield return State();
        yield return Disk();
        yield return Clock();
        yield return ServiceManager.Ask();
    }

    private Finding Model()
    {
        const string part = "model";
        if (options.Model is null)
            return Finding.Good(part, "the embedded demo model, which knows some household topics; name a real one with the model setting");
        try
        {
            ModelReport report = ModelReport.Of(
                options.Model,
                ModelInspection.Of(options.ForModel(options.Model)),
                options.Candidates,
                DeviceMemory.Read()
            );
            string says =
                $"{report.Name} ({report.Architecture}), {ModelReport.Size(report.FileBytes)}; "
                + $"it takes {ModelReport.Size(report.NeededBytes)} of memory, and the service may take {ModelReport.Size(report.UsableBytes)}";
            if (report.ChatTemplateNote is { } note)
                says += $"; chat template: {note}";
            says += $"; thinking: {report.Thinking}";
            return report.ChatTemplateProblem is { } problem ? Finding.Wrong(part, problem)
                : DaemonOptions.IsHidden(options.Model) && IsSystem
                    ? Finding.Wrong(
                        part,
                        $"{options.Model}: the service may not see files below /home and /root: sudo onlinerlhf model use {options.Model}"
                    )
                : running is { Status: "ready", Model: { } served } && served != report.Name
                    ? Finding.Wrong(
                        part,
                        $"the daemon that runs serves {served}, and the settings name {report.Name}: "
                            + "restart it (sudo systemctl restart onlinerlhf.service)"
                    )
                : report.Fits ? Finding.Good(part, says)
                : Finding.Wrong(part, says + ": lower context, candidates or max_tokens, or take a smaller model");
        }
        catch (Exception e) when (e is ModelFileException or InferenceException)
        {
            return Finding.Wrong(part, e.Message);
        }
    }

    private Finding Engine()
    {
        const string part = "engine";
        try
        {
            LlamaEngine.Load(options.ForModel(""));
            using var source = ModelSource.Open(options.Model);
            var machine = new EngineSetup(options, source.Path, _state);
            EngineChoice? kept = machine.Kept();
            EngineBody engine = running?.Engine ?? EngineBody.Of(kept, machine.Version, machine.UsualBuild);
            string next =
                running is null && kept is null && machine.IsOpen
                    ? "the daemon's first start measures others too"
                    : "onlinerlhf bench compares others";
            return Finding.Good(part, $"{engine.Describe()}; {next}");
        }
        catch (ModelFileException)
        {
            string version = LlamaNatives.Find(options.Natives).Version;
            return Finding.Good(part, $"llama.cpp {version}; the fastest build is chosen once the model can be loaded");
        }
        catch (InferenceException e)
        {
            return Finding.Wrong(part, e.Message);
        }
    }

    private Finding Device()
    {
        const string part = "device";
        if (running?.Device is { } used)
            return options.InsistsOnGpu && used.GpuLayers is null
                ? Finding.Wrong(part, $"{used.Name}, though the device setting asks for a GPU: {used.Why}")
                : Finding.Good(part, used.Describe());
        try
        {
            (string? gpu, string why) = LlamaEngine.FindGpu(options.ForModel(""));
            if (gpu is not null)
                return Finding.Good(
                    part,
                    $"{gpu} is there; "
                        + $"{(options.InsistsOnGpu ? "the device setting asks for it" : "the daemon compares it with the CPU when it starts")}"
                );
            return options.InsistsOnGpu
                ? Finding.Wrong(part, $"{why}; the device setting asks for one: mend that, or set device to auto or cpu")
                : Finding.Good(part, $"CPU: {why}");
        }
        catch (InferenceException e)
        {
            return Finding.Wrong(part, e.Message);
        }
    }

    private Finding Threads()
    {
        const string part = "threads";
        int cores = ProcessorCores.Count();
        return options.Threads > cores
            ? Finding.Wrong(
                part,
                $"{options.Threads} threads on {Plural.Of(cores, "performance core")}: "
                    + $"decoding collapses where threads wait for each other; set threads to {cores} or less"
            )
            : Finding.Good(
                part,
                $"{(options.Threads > 0 ? Plural.Of(options.Threads, "thread") : "as many as suit the model")}, "
                    + $"{Plural.Of(cores, "performance core")}"
            );
    }

    private Finding Rounds()
    {
        const string part = "rounds";
        if (running is null)
            return Finding.Good(
                part,
                options.TimeTarget > 0
                    ? $"cut to {options.TimeTarget} s once the daemon has measured its model"
                    : "may take any time (time_target is 0)"
            );
        if (running.Pace is not { } pace)
            return Finding.Good(part, $"{running.Status}; {(options.TimeTarget > 0 ? "not measured yet" : "may take any time (time_target is 0)")}");
        string says = pace.Describe();
        return pace.MaxTokens < 64 && pace.MaxTokens < options.MaxTokens
            ? Finding.Wrong(
                part,
                $"{says}: answers get very short; set fewer threads where other programs need the cores (onlinerlhf bench compares), "
                    + "use a smaller model, or raise time_target"
            )
            : Finding.Good(part, says);
    }

    private Finding Board()
    {
        const string part = "board";
        if (options.ForBoard() is not { } wiring)
            return Finding.Good(part, "no buttons and lamps are set");
        if (running is not null)
            return running.Board switch
            {
                "fine" => Finding.Good(part, $"{wiring.Chip}: the daemon holds the lines"),
                null => Finding.Wrong(
                    part,
                    "the daemon that runs was started without buttons and lamps: restart it (sudo systemctl restart onlinerlhf.service)"
                ),
                var lost => Finding.Wrong(part, lost),
            };
        using var board = new Board(wiring, TimeProvider.System, _ => { });
        return board.Problem is { } problem
            ? Finding.Wrong(part, problem)
            : Finding.Good(part, $"{wiring.Chip}: every line can be taken; onlinerlhf buttons test shows presses");
    }

    private Finding Socket()
    {
        const string part = "socket";
        return unreachable is not null ? Finding.Wrong(part, unreachable)
            : running!.Status == "ready" ? Finding.Good(part, $"the daemon answers (version {running.Version}, {running.Model})")
            : Finding.Good(part, $"the daemon answers, and its model is {running.Status}");
    }

    private Finding State()
    {
        const string part = "state";
        try
        {
            if (!Directory.Exists(_state))
                return File.Exists(_state)
                    ? Finding.Wrong(part, $"{_state} is a file: remove it, or set state to a folder")
                    : Finding.Good(part, $"{_state} is not there yet: the first start makes it");
            string profiles = Path.Combine(_state, "profiles");
            if (!Directory.Exists(profiles))
                return Finding.Good(part, $"{_state}: nothing was learned yet");
            if ((File.GetUnixFileMode(profiles) & Others) != 0)
                return Finding.Wrong(part, $"{profiles} is open to other users: chmod 700 {profiles}");
            string[] models = Directory.GetDirectories(profiles);
            return Finding.Good(
                part,
                $"{_state}: {Plural.Of(models.Sum(m => Directory.GetDirectories(m).Length), "profile")} of {Plural.Of(models.Length, "model")}"
            );
        }
        catch (UnauthorizedAccessException) when (running is not null)
        {
            return Finding.Good(part, $"{_state}: for the daemon's user alone; as root the doctor tells more");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Finding.Wrong(part, $"{_state} cannot be looked at ({e.Message}): run the doctor as root, or as the daemon's user");
        }
    }

    private Finding Disk()
    {
        const string part = "disk";
        string folder = _state;
        while (!Directory.Exists(folder))
            folder = Path.GetDirectoryName(folder) ?? "/";
        try
        {
            var drive = new DriveInfo(folder);
            string free = string.Create(CultureInfo.InvariantCulture, $"{drive.AvailableFreeSpace / 1e6:F0} MB free in {folder}");
            return drive.AvailableFreeSpace < LeastDiskBytes
                ? Finding.Wrong(
                    part,
                    $"{free}: a new profile takes up to 40 MB; make room, "
                        + $"or {(IsSystem ? $"mount another disk at {Locations.SystemState}" : "set state to another disk")}"
                )
                : Finding.Good(part, free);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Finding.Wrong(part, $"{folder}: {e.Message}");
        }
    }

    private Finding Clock()
    {
        const string part = "clock";
        DateTime now = DateTime.UtcNow,
            latest = Released;
        string says = string.Create(CultureInfo.InvariantCulture, $"{now:u}");
        try
        {
            if (Directory.Exists(_state))
                latest = Directory.EnumerateFiles(_state, "*", SearchOption.AllDirectories).Select(File.GetLastWriteTimeUtc).Append(latest).Max();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The finding "state" already reports files that cannot be read.
        }
        // Without a battery a board's clock starts in the past. Learning does not depend on the clock, but the times in the log do.
        return now < latest - TimeSpan.FromMinutes(1)
            ? Finding.Wrong(
                part,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{says} is before {latest:u}, when this was last written: set the clock, by a network (systemd-timesyncd) or a battery"
                )
            )
            : Finding.Good(part, says);
    }
}
