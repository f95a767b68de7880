using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace OnlineRlhf.Daemon.Configuration;

/// <summary>Reads the settings. A flag wins over the environment, and the environment wins over the file.</summary>
internal static class Settings
{
    internal const string DefaultFile = "/etc/onlinerlhf/onlinerlhf.json";

    /// <param name="flags">The flags of the command line, by key.</param>
    /// <param name="file">A settings file, which must exist; null for the default file, which may be missing.</param>
    /// <param name="defaults">The values of settings that are not given; null for the daemon's.</param>
    /// <exception cref="ConfigurationException">A value is wrong, a setting is unknown, or the file cannot be read.</exception>
    internal static DaemonOptions Read(IEnumerable<KeyValuePair<string, string?>> flags, string? file, DaemonOptions? defaults = null)
    {
        DaemonOptions options = defaults ?? new DaemonOptions();
        Dictionary<string, string?> environment = new(FromEnvironment()),
            given = new(flags);
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(FromFile(file))
            .AddInMemoryCollection(environment)
            .AddInMemoryCollection(given)
            .Build();
        foreach (Setting setting in Setting.All)
        {
            if (configuration[setting.Key] is { } value)
                setting.Check(
                    value,
                    given.ContainsKey(setting.Key) ? null
                        : environment.ContainsKey(setting.Key) ? setting.Variable
                        : Path.GetFullPath(file ?? DefaultFile)
                );
        }
        configuration.Bind(options);
        options.ConfigFile = file is null ? null : Path.GetFullPath(file);
        options.Validate();
        return options;
    }

    /// <summary>The environment variables that look like settings but are not.</summary>
    internal static IEnumerable<string> UnknownVariables() =>
        Environment
            .GetEnvironmentVariables()
            .Keys.Cast<string>()
            .Where(n =>
                n.StartsWith(Setting.EnvironmentPrefix, StringComparison.Ordinal)
                && !Setting.All.Any(s => s.Variable == n)
                && !IsForTests(n[Setting.EnvironmentPrefix.Length..])
            )
            .Order(StringComparer.Ordinal);

    /// <summary>Says what is wrong with a JSON file and where. Lines are counted from 1, as in editors.</summary>
    internal static string Describe(JsonException wrong)
    {
        string says = wrong.Message.Split(" LineNumber:")[0];
        if (says.StartsWith("The input does not contain any JSON tokens", StringComparison.Ordinal))
            return "there is nothing in it; {} says that no setting is changed.";
        return wrong.LineNumber is { } line ? $"line {line + 1}: {says}" : says;
    }

    /// <summary>The setting that a misspelt name resembles; null if it resembles none or several.</summary>
    private static string? Meant(string name) =>
        name.Length > 0 && Setting.All.Select(s => s.Key).Where(key => IsLike(key, name)).ToArray() is [var meant] ? meant : null;

    private static bool IsLike(string key, string name)
    {
        if (key.StartsWith(name, StringComparison.Ordinal) || name.StartsWith(key, StringComparison.Ordinal))
            return true;
        int start = 0,
            end = 0,
            shorter = Math.Min(key.Length, name.Length);
        while (start < shorter && key[start] == name[start])
            start++;
        while (end < shorter - start && key[^(end + 1)] == name[^(end + 1)])
            end++;
        return Math.Max(key.Length, name.Length) - start - end <= 1;
    }

    private static bool IsForTests(string name) =>
        name is "LONG_TESTS" or "SMOLLM2" or "TEST_RUN" || name.StartsWith("PUBLISHED", StringComparison.Ordinal);

    private static IEnumerable<KeyValuePair<string, string?>> FromEnvironment() =>
        Setting
            .All.Select(s => KeyValuePair.Create(s.Key, Environment.GetEnvironmentVariable(s.Variable)))
            .Where(p => !string.IsNullOrEmpty(p.Value));

    private static Dictionary<string, string?> FromFile(string? path)
    {
        Dictionary<string, string?> values = [];
        if (path is null && !File.Exists(DefaultFile))
            return values;
        if (path is "")
            throw new ConfigurationException("config is empty: give --config the path of a settings file, or leave it out");
        path = Path.GetFullPath(path ?? DefaultFile);
        // The name of the current setting, for error messages; null while the name itself is read.
        string? name = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                File.ReadAllBytes(path),
                new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }
            );
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new ConfigurationException($"{path} must hold one JSON object with settings.");
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                name = null;
                name = property.Name;
                if (!Setting.All.Any(s => s.Key == name))
                    throw new ConfigurationException(
                        $"{path}: there is no setting {name}; {(Meant(name) is { } meant ? $"did you mean {meant}? Known" : "known")} "
                            + $"are {string.Join(", ", Setting.All.Select(s => s.Key))}."
                    );
                if (property.Value.ValueKind is not (JsonValueKind.String or JsonValueKind.Number))
                    throw new ConfigurationException($"{path}: {name} must be a text or a number.");
                values[name] = property.Value.ToString();
            }
            return values;
        }
        catch (JsonException e)
        {
            throw new ConfigurationException($"{path} is not valid JSON: {Describe(e)}");
        }
        catch (InvalidOperationException)
        {
            // The JSON reader accepts half of a surrogate pair and bytes that are not UTF-8, but a string cannot hold them.
            throw new ConfigurationException($"{path}: {name ?? "the name of a setting"} is not valid Unicode: write whole characters in UTF-8.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ConfigurationException($"there is no file {path}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{path} cannot be read: {e.Message}");
        }
    }
}
