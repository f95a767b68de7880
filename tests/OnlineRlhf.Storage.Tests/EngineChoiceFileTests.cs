namespace OnlineRlhf.Storage.Tests;

public class EngineChoiceFileTests
{
    private const string Model = "abc",
        Conditions = "machine-8-0-any";
    private static readonly EngineChoice Choice = new(new EngineTrial("haswell", 2, 7894.1), [new EngineTrial("zen4", 2, 1297.3)]);

    [Fact]
    public void A_choice_is_read_as_it_was_written_by_its_owner_alone()
    {
        using var folder = new StateFolder(1);
        Assert.Null(EngineChoiceFile.Read(folder.Root, Model, Conditions));
        EngineChoiceFile.Write(folder.Root, Model, Conditions, Choice with { Others = [] });
        EngineChoiceFile.Write(folder.Root, Model, Conditions, Choice);

        EngineChoice read = EngineChoiceFile.Read(folder.Root, Model, Conditions)!;
        Assert.Equal(Choice.Chosen, read.Chosen);
        Assert.Equal(Choice.Others, read.Others);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(EngineChoiceFile.PathOf(folder.Root, Model)));
    }

    [Fact]
    public void A_choice_of_another_model_or_another_machine_is_absent()
    {
        using var folder = new StateFolder(1);
        EngineChoiceFile.Write(folder.Root, Model, Conditions, Choice);
        File.Copy(EngineChoiceFile.PathOf(folder.Root, Model), EngineChoiceFile.PathOf(folder.Root, "other"));

        Assert.Null(EngineChoiceFile.Read(folder.Root, Model, "another machine"));
        Assert.Null(EngineChoiceFile.Read(folder.Root, "other", Conditions));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("{\"model_fingerprint\":\"abc\",\"conditions\":\"c\"}")]
    [InlineData("{\"model_fingerprint\":\"abc\",\"conditions\":\"c\",\"chosen\":null,\"others\":[]}")]
    [InlineData(
        "{\"model_fingerprint\":\"abc\",\"conditions\":\"c\",\"chosen\":{\"cpu_variant\":\"\",\"threads\":1,\"tokens_per_second\":1},\"others\":[]}"
    )]
    [InlineData(
        "{\"model_fingerprint\":\"abc\",\"conditions\":\"c\",\"chosen\":{\"cpu_variant\":\"x\",\"threads\":0,\"tokens_per_second\":1},\"others\":[]}"
    )]
    [InlineData(
        "{\"model_fingerprint\":\"abc\",\"conditions\":\"c\",\"chosen\":{\"cpu_variant\":\"x\",\"threads\":1,\"tokens_per_second\":1e999},"
            + "\"others\":[]}"
    )]
    [InlineData(
        "{\"model_fingerprint\":\"abc\",\"conditions\":\"c\",\"chosen\":{\"cpu_variant\":\"x\",\"threads\":1,\"tokens_per_second\":1},"
            + "\"others\":[null]}"
    )]
    public void A_damaged_file_is_as_good_as_none(string text)
    {
        using var folder = new StateFolder(1);
        File.WriteAllText(EngineChoiceFile.PathOf(folder.Root, "abc"), text);
        Assert.Null(EngineChoiceFile.Read(folder.Root, "abc", "c"));
    }

    [Theory]
    [InlineData("\"threads\":2", "\"threads\":100000")]
    [InlineData("zen4", "zen5")]
    [InlineData("7894.1", "7894.2")]
    public void A_file_that_was_changed_is_as_good_as_none(string was, string now)
    {
        using var folder = new StateFolder(1);
        EngineChoiceFile.Write(folder.Root, Model, Conditions, Choice);
        string path = EngineChoiceFile.PathOf(folder.Root, Model),
            text = File.ReadAllText(path);
        Assert.Contains(was, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(was, now, StringComparison.Ordinal));
        Assert.Null(EngineChoiceFile.Read(folder.Root, Model, Conditions));
    }

    [Fact]
    public void A_fingerprint_cannot_name_another_directory() =>
        Assert.Throws<ArgumentException>(() => EngineChoiceFile.Write("/tmp", "../x", Conditions, Choice));
}
