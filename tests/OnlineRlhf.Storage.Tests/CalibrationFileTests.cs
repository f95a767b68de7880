namespace OnlineRlhf.Storage.Tests;

public class CalibrationFileTests
{
    [Fact]
    public void Scales_are_read_as_they_were_written_and_only_for_their_model()
    {
        using var folder = new StateFolder(1);
        double[] values = [0.1, 1.0 / 3, 12345.678, 0];
        Assert.Null(CalibrationFile.Read(folder.Profile, "abc", 4));
        CalibrationFile.Write(folder.Profile, "abc", [1, 2, 3, 4]);
        CalibrationFile.Write(folder.Profile, "abc", values);
        Assert.Equal(values, CalibrationFile.Read(folder.Profile, "abc", 4));
        Assert.Null(CalibrationFile.Read(folder.Profile, "abc", 3));
        Assert.Null(CalibrationFile.Read(folder.Profile, "abd", 4));
        File.Copy(Path.Combine(folder.Profile, "calibration-abc.json"), Path.Combine(folder.Profile, "calibration-abd.json"));
        Assert.Null(CalibrationFile.Read(folder.Profile, "abd", 4));
        Assert.Equal(2, Directory.EnumerateFiles(folder.Profile).Count());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("{\"model_fingerprint\":\"abc\"}")]
    [InlineData("{\"model_fingerprint\":\"abc\",\"values\":[1,2]}")]
    [InlineData("{\"model_fingerprint\":\"abc\",\"values\":[1,1e999,3]}")]
    [InlineData("{\"model_fingerprint\":\"abc\",\"values\":[1,\"NaN\",3]}")]
    [InlineData("{\"model_fingerprint\":\"abc\",\"values\":[1,-2,3]}")]
    [InlineData("{\"model_fingerprint\":\"abc\",\"values\":[1,2,1e300]}")]
    [InlineData("{\"model_fingerprint\":\"abc\",\"values\":[1,2,3],\"checksum\":17}")]
    public void What_cannot_be_used_is_absent(string text)
    {
        using var folder = new StateFolder(1);
        File.WriteAllText(Path.Combine(folder.Root, "calibration-abc.json"), text);
        Assert.Null(CalibrationFile.Read(folder.Root, "abc", 3));
    }

    [Fact]
    public void A_file_that_was_changed_is_absent_and_one_of_version_0_1_0_is_read()
    {
        using var folder = new StateFolder(1);
        CalibrationFile.Write(folder.Root, "abc", [0.12, 0.0568, 0.0527]);
        string path = CalibrationFile.PathOf(folder.Root, "abc");
        File.WriteAllText(path, File.ReadAllText(path).Replace("0.0568", "0.568", StringComparison.Ordinal));
        Assert.Null(CalibrationFile.Read(folder.Root, "abc", 3));
        File.WriteAllText(path, """{"model_fingerprint":"abc","values":[0.12,0.0568,0.0527]}""");
        Assert.Equal([0.12, 0.0568, 0.0527], CalibrationFile.Read(folder.Root, "abc", 3)!);
    }

    [Fact]
    public void A_fingerprint_cannot_name_another_directory()
    {
        Assert.Throws<ArgumentException>(() => CalibrationFile.Read("/tmp", "../x", 1));
        Assert.Throws<ArgumentException>(() => CalibrationFile.Write("/tmp", "a/b", [1]));
    }
}
