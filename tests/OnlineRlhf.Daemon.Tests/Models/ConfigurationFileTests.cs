using System.Text;
using OnlineRlhf.Daemon.Cli.Models;
using OnlineRlhf.Daemon.Configuration;

namespace OnlineRlhf.Daemon.Tests.Models;

/// <summary>The model's path in a settings file: every other byte stays.</summary>
public sealed class ConfigurationFileTests
{
    [Theory]
    [InlineData("{}", "{\n  \"model\": \"/m\"\n}")]
    [InlineData("{\n  // \"model\": \"/old\",\n}\n", "{\n  \"model\": \"/m\"\n\n  // \"model\": \"/old\",\n}\n")]
    [InlineData("{\n  \"threads\": 3 // all but one\n}", "{\n  \"model\": \"/m\",\n  \"threads\": 3 // all but one\n}")]
    [InlineData("// why\n{ \"model\": \"/old\", \"ask\": \"never\", }", "// why\n{ \"model\": \"/m\", \"ask\": \"never\", }")]
    [InlineData("{ \"model\": /* there */ \"/o\\\"ld\" /* here */ }", "{ \"model\": /* there */ \"/m\" /* here */ }")]
    [InlineData("{ \"model\": \"/a\", \"model\": \"/b\" }", "{ \"model\": \"/a\", \"model\": \"/m\" }")]
    [InlineData("{ \"socket\": \"model\", \"model\": 7 }", "{ \"socket\": \"model\", \"model\": \"/m\" }")]
    public void Only_the_model_changes(string before, string after) => Assert.Equal(after, With(before, "/m"));

    [Theory]
    [InlineData("/a \"quoted\" \\ name.gguf", "\"/a \\\"quoted\\\" \\\\ name.gguf\"")]
    [InlineData("/modèle/漢.gguf", "\"/modèle/漢.gguf\"")]
    public void A_path_is_written_as_JSON(string path, string value) => Assert.Equal($"{{\n  \"model\": {value}\n}}", With("{}", path));

    [Theory]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{ \"model\": [1] }")]
    [InlineData("no JSON")]
    public void What_is_no_object_is_refused(string before) => Assert.Throws<ConfigurationException>(() => With(before, "/m"));

    private static string With(string before, string model) =>
        Encoding.UTF8.GetString(ConfigurationFile.WithModel(Encoding.UTF8.GetBytes(before), model));
}
