using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.Startup;

/// <summary>
/// Which device runs the model, on a machine whose only Vulkan driver is Mesa's software one. ONLINERLHF_VULKAN names the folder with
/// libggml-vulkan.so.
/// </summary>
public sealed class DeviceTests
{
    private const string Variable = "ONLINERLHF_VULKAN",
        Drivers = "/usr/share/vulkan/icd.d";

    // Small, and without a measurement: each shader that is met is compiled by LLVM.
    private static readonly string[] Small = ["--candidates", "2", "--max-tokens", "6", "--style-hints", "none", "--time-target", "0"];

    [PublishedFact]
    public async Task A_GPU_serves_a_round_with_every_layer_on_it()
    {
        using var folder = new TempFolder();
        await CalibrateAsync(folder);
        await using DaemonProcess daemon = await StartReadyAsync(folder, "vulkan-software");

        JsonElement device = await DeviceAsync(daemon);
        Assert.StartsWith("Vulkan0", device.GetProperty("name").GetString(), StringComparison.Ordinal);
        Assert.Equal("5/5", device.GetProperty("gpu_layers").GetString());
        Assert.Equal(1, (await daemon.Client.PreferAsync((await daemon.Client.AskForTwoAsync()).Id, "first")).Comparisons);
        Assert.Contains("Device: Vulkan0", daemon.Log, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task A_driver_that_computes_on_the_CPU_is_no_GPU()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await StartReadyAsync(folder, "auto");

        JsonElement device = await DeviceAsync(daemon);
        Assert.Equal("CPU", device.GetProperty("name").GetString());
        Assert.Contains("no GPU", device.GetProperty("why").GetString(), StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task A_driver_of_the_CPU_stays_refused_where_a_variable_names_it()
    {
        using var folder = new TempFolder();
        Variables variables = new(Vulkan()) { ["GGML_VK_VISIBLE_DEVICES"] = "0" };
        await using DaemonProcess daemon = DaemonProcess.Start(folder, variables, ["--natives", Natives(folder), "--device", "auto", .. Small]);
        await daemon.WaitUntilReadyAsync();

        Assert.Equal("CPU", (await DeviceAsync(daemon)).GetProperty("name").GetString());
    }

    [PublishedFact]
    public async Task Who_insists_on_a_GPU_where_there_is_none_is_told()
    {
        using var folder = new TempFolder();
        Program.Ended ended = await Program.RunAsync(folder, Vulkan(), null, ["serve", "--natives", Natives(folder), "--device", "vulkan"]);

        Assert.Equal(78, ended.ExitCode);
        Assert.Contains(
            "set device to auto or cpu",
            Assert.Single(ended.ErrorLines, line => line.StartsWith("onlinerlhf:", StringComparison.Ordinal)),
            StringComparison.Ordinal
        );
    }

    [PublishedFact]
    public async Task Where_a_GPU_is_forbidden_no_driver_is_loaded()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await StartReadyAsync(folder, "cpu");

        Assert.DoesNotContain(
            "vulkan",
            await File.ReadAllTextAsync($"/proc/{daemon.Id}/maps", TestContext.Current.CancellationToken),
            StringComparison.OrdinalIgnoreCase
        );
    }

    /// <summary>ggml throws through the program where a device is lost: the process is aborted in the middle of a round.</summary>
    [PublishedFact]
    public async Task After_a_GPU_ended_the_program_the_next_round_runs_on_the_CPU()
    {
        using var folder = new TempFolder();
        await CalibrateAsync(folder);
        await using (DaemonProcess daemon = await StartReadyAsync(folder, "vulkan-software"))
        {
            Task<Reply> asked = daemon.Client.AskAsync("How do I make tea?");
            while (!File.Exists(Path.Combine(folder.Runtime, "gpu-computes")))
                await Task.Delay(1, TestContext.Current.CancellationToken);
            Posix.Signal(daemon.Id, Posix.SigAbort);
            await Assert.ThrowsAsync<HttpRequestException>(() => asked);
            Assert.NotEqual(0, await daemon.WaitForExitAsync());
        }
        await using (DaemonProcess again = await StartReadyAsync(folder, "vulkan-software"))
        {
            JsonElement device = await DeviceAsync(again);
            Assert.Equal("CPU", device.GetProperty("name").GetString());
            Assert.Contains("ended while", device.GetProperty("why").GetString(), StringComparison.Ordinal);
            Assert.Equal(201, (await again.Client.AskAsync("How do I make tea?")).Status);
        }
        File.Delete(Path.Combine(folder.Runtime, "gpu-computes"));
        await using DaemonProcess third = await StartReadyAsync(folder, "vulkan-software");
        Assert.StartsWith("Vulkan0", (await DeviceAsync(third)).GetProperty("name").GetString(), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> DeviceAsync(DaemonProcess daemon) => (await daemon.Client.GetAsync("/health")).Json.GetProperty("device");

    /// <summary>Thousands of tokens, once per model and not per device: on the CPU, where they take a second.</summary>
    private static async Task CalibrateAsync(TempFolder folder)
    {
        await using DaemonProcess daemon = await StartReadyAsync(folder, "cpu");
        _ = await daemon.StopAsync();
    }

    private static async Task<DaemonProcess> StartReadyAsync(TempFolder folder, string device)
    {
        DaemonProcess daemon = DaemonProcess.Start(folder, Vulkan(), ["--natives", Natives(folder), "--device", device, .. Small]);
        await daemon.WaitUntilReadyAsync();
        return daemon;
    }

    private static Variables Vulkan()
    {
        string[] drivers = Directory.Exists(Drivers) ? Directory.GetFiles(Drivers, "lvp_icd*.json") : [];
        Assert.SkipUnless(drivers.Length > 0, "Mesa's software driver is not installed (mesa-vulkan-drivers).");
        // Compiled without optimisation, a shader is ready in a tenth of the time.
        return new()
        {
            ["VK_DRIVER_FILES"] = drivers[0],
            ["VK_ICD_FILENAMES"] = drivers[0],
            ["GALLIVM_PERF"] = "nopt",
        };
    }

    /// <summary>The published program's libraries, and the Vulkan backend where a package puts it.</summary>
    private static string Natives(TempFolder folder)
    {
        string backend = Path.Combine(Environment.GetEnvironmentVariable(Variable) ?? "", "libggml-vulkan.so"),
            natives = Path.Combine(folder.Root, "natives");
        Assert.SkipUnless(File.Exists(backend), $"{Variable} names no folder with libggml-vulkan.so.");
        if (!Directory.Exists(natives))
        {
            Directory.CreateDirectory(Path.Combine(natives, "vulkan"));
            File.CreateSymbolicLink(Path.Combine(natives, "vulkan", "libggml-vulkan.so"), Path.GetFullPath(backend));
            foreach (string library in Directory.GetFiles(Path.Combine(Path.GetDirectoryName(Published.Path)!, "natives"), "*.so"))
                File.CreateSymbolicLink(Path.Combine(natives, Path.GetFileName(library)), library);
        }
        return natives;
    }
}
