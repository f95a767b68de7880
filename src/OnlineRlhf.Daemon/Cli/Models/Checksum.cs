using System.Diagnostics;

namespace OnlineRlhf.Daemon.Cli.Models;

/// <summary>
/// Computes SHA-256 with coreutils' sha256sum. .NET's own loads OpenSSL at run time, which a board may lack, and a loop of our own would be
/// slower on gigabytes.
/// </summary>
internal static class Checksum
{
    internal const int Digits = 64;

    internal static async Task<string> Sha256Async(string path, CancellationToken cancellationToken)
    {
        using Process process =
            Process.Start(new ProcessStartInfo("sha256sum", ["--", path]) { RedirectStandardOutput = true })
            ?? throw new IOException("sha256sum does not start.");
        try
        {
            string said = await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            // sha256sum prints a backslash first if it had to escape the file's name.
            said = said.TrimStart('\\');
            return process.ExitCode == 0 && said.Length > Digits ? said[..Digits] : throw new IOException($"sha256sum could not read {path}.");
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }
}
