namespace OnlineRlhf.EndToEnd.Tests.Startup;

/// <summary>Where socket and state are when the service manager does not say; daemon and verbs agree.</summary>
public sealed class LocationTests
{
    [PublishedFact]
    public async Task Without_a_service_manager_the_user_s_own_folders_are_taken()
    {
        using var folder = new TempFolder();
        string runtime = Path.Combine(folder.Root, "xdg"),
            state = Path.Combine(folder.Root, "home-state");
        await MustAgreeAsync(
            folder,
            new Variables
            {
                ["RUNTIME_DIRECTORY"] = "",
                ["STATE_DIRECTORY"] = "",
                ["XDG_RUNTIME_DIR"] = runtime,
                ["XDG_STATE_HOME"] = state,
            },
            Path.Combine(runtime, "onlinerlhf", "onlinerlhf.sock")
        );

        Assert.True(Directory.Exists(Path.Combine(state, "onlinerlhf")));
    }

    [PublishedFact]
    public async Task Without_any_of_these_the_home_folder_is_taken()
    {
        using var folder = new TempFolder();
        string own = Path.Combine(folder.Root, ".local", "state", "onlinerlhf");

        await MustAgreeAsync(
            folder,
            new Variables
            {
                ["RUNTIME_DIRECTORY"] = "",
                ["STATE_DIRECTORY"] = "",
                ["XDG_RUNTIME_DIR"] = "",
                ["XDG_STATE_HOME"] = "",
                ["HOME"] = folder.Root,
            },
            Path.Combine(own, "onlinerlhf.sock")
        );
    }

    [PublishedFact]
    public async Task A_socket_named_by_the_environment_is_found_by_daemon_and_verbs()
    {
        using var folder = new TempFolder();
        string socket = Path.Combine(folder.Root, "made", "on demand ü.sock");

        await MustAgreeAsync(folder, new Variables { ["ONLINERLHF_SOCKET"] = socket }, socket);
    }

    private static async Task MustAgreeAsync(TempFolder folder, Variables environment, string socket)
    {
        using System.Diagnostics.Process daemon = System.Diagnostics.Process.Start(
            Program.Describe(folder, environment, ["serve", "--threads", "1"])
        )!;
        try
        {
            daemon.OutputDataReceived += (_, _) => { };
            daemon.BeginOutputReadLine();
            int exitCode = 75;
            for (int attempt = 0; attempt < 200 && exitCode == 75; attempt++)
                exitCode = (await Program.RunAsync(folder, environment, null, "status")).ExitCode;

            Assert.Equal(0, exitCode);
            Assert.NotNull(Posix.Mode(socket));
        }
        finally
        {
            daemon.Kill();
            await daemon.WaitForExitAsync(CancellationToken.None);
        }
    }
}
