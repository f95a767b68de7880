using OnlineRlhf.Storage.Disk;

namespace OnlineRlhf.Storage.Tests;

public class DurableFolderTests
{
    [Fact]
    public void All_folders_above_are_synced_as_far_as_the_file_system_reaches_also_through_a_link()
    {
        using var folder = new StateFolder(1);
        string real = Path.Combine(folder.Root, "a", "b"),
            link = Path.Combine(folder.Root, "link");
        _ = Directory.CreateDirectory(real);
        File.CreateSymbolicLink(link, real);
        ulong device = Posix.Identify(real)!.Value.Device;
        FileIdentity?[] expected = [.. Above(real).Select(Posix.Identify).TakeWhile(above => above!.Value.Device == device)];
        Assert.True(expected.Length >= 3);
        Assert.Equal(expected, DurableFolder.Above(real).Select(Posix.Identify));
        Assert.Equal(expected, DurableFolder.Above(link).Select(Posix.Identify));
        DurableFolder.Sync(link);
        Assert.Throws<IOException>(() => DurableFolder.Sync(Path.Combine(folder.Root, "missing")));
    }

    [Fact]
    public void A_log_that_is_made_anew_has_its_name_on_the_disk_before_the_data_file_changes()
    {
        using var folder = new StateFolder(8);
        folder.Fill(20);
        File.Delete(folder.Log);
        var operations = new List<(string, DiskOperation)>();
        using ProfileStore store = folder.Open((file, operation, _, _) => operations.Add((Path.GetFileName(file), operation)));
        operations.Clear();
        folder.AppendNext(store);
        Assert.Equal(
            [
                ("profile", DiskOperation.SyncFolder),
                ("state-log.db", DiskOperation.Write),
                ("state-log.db", DiskOperation.Sync),
                ("state.db", DiskOperation.Write),
                ("state.db", DiskOperation.Sync),
            ],
            operations
        );
    }

    private static IEnumerable<string> Above(string path)
    {
        for (string? above = Path.GetDirectoryName(path); above is not null; above = Path.GetDirectoryName(above))
            yield return above;
    }
}
