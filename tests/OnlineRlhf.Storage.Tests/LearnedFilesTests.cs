namespace OnlineRlhf.Storage.Tests;

public class LearnedFilesTests
{
    [Fact]
    public void The_last_64_are_kept_in_a_file_of_constant_size_for_its_owner_alone()
    {
        using var folder = new StateFolder(1);
        Directory.CreateDirectory(folder.Profile);
        LearnedFiles files = LearnedFiles.Read(folder.Profile);
        Assert.Equal(Guid.Empty, files.State);
        files.Record(0, 0, 1);
        files.Write(folder.Profile);
        string path = Assert.Single(Directory.EnumerateFiles(folder.Profile));
        long size = new FileInfo(path).Length;
        Guid state = LearnedFiles.Read(folder.Profile).State;
        Assert.NotEqual(Guid.Empty, state);
        for (int n = 1; n <= 70; n++)
        {
            files.Record((UInt128)n, 1, n);
            // Learned once more it is among the last.
            if (n > 1)
                files.Record(1, n, n);
        }
        files.Write(folder.Profile);
        files = LearnedFiles.Read(folder.Profile);

        Assert.Equal(
            (state, size, UnixFileMode.UserRead | UnixFileMode.UserWrite),
            (files.State, new FileInfo(path).Length, File.GetUnixFileMode(path))
        );
        Assert.Equal(70, files.Runs(1, 70));
        Assert.All(Enumerable.Range(2, 6), n => Assert.Equal(0, files.Runs((UInt128)n, 70)));
        Assert.All(Enumerable.Range(8, 63), n => Assert.Equal(1, files.Runs((UInt128)n, 70)));
        // A state that was put back to before it.
        Assert.Equal(0, files.Runs(70, 69));
        Assert.Single(Directory.EnumerateFiles(folder.Profile));
    }

    [Fact]
    public void One_that_is_damaged_anywhere_is_as_good_as_absent()
    {
        using var folder = new StateFolder(1);
        Directory.CreateDirectory(folder.Profile);
        LearnedFiles files = LearnedFiles.Read(folder.Profile);
        files.Record(7, 3, 1);
        files.Write(folder.Profile);
        string path = Assert.Single(Directory.EnumerateFiles(folder.Profile));
        byte[] whole = File.ReadAllBytes(path);
        foreach (int at in (int[])[0, 9, 30, whole.Length / 2, whole.Length - 1])
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 1;
            File.WriteAllBytes(path, damaged);
            Assert.Equal((0, Guid.Empty), (LearnedFiles.Read(folder.Profile).Runs(7, 1), LearnedFiles.Read(folder.Profile).State));
        }
        File.WriteAllBytes(path, whole[..^1]);
        Assert.Equal(0, LearnedFiles.Read(folder.Profile).Runs(7, 1));
        LearnedFiles.Delete(folder.Profile);
        LearnedFiles.Delete(folder.Profile);
        Assert.Empty(Directory.EnumerateFiles(folder.Profile));
    }
}
