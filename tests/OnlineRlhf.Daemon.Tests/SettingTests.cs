using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using OnlineRlhf.Daemon.Configuration;

namespace OnlineRlhf.Daemon.Tests;

/// <summary>The table of settings, from which flags, variables, help and pages follow, tells of what is bound, with its real default.</summary>
public sealed class SettingTests
{
    private static readonly Dictionary<string, PropertyInfo> Bound = typeof(DaemonOptions)
        .GetProperties()
        .ToDictionary(p => p.GetCustomAttribute<ConfigurationKeyNameAttribute>()!.Name);

    [Fact]
    public void Every_setting_is_bound_and_what_is_bound_is_a_setting() =>
        Assert.Equal(Bound.Keys.Order(StringComparer.Ordinal), Setting.All.Select(s => s.Key).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_description_tells_the_default_where_there_is_one()
    {
        var defaults = new DaemonOptions();
        foreach (Setting setting in Setting.All)
        {
            string value = Convert.ToString(Bound[setting.Key].GetValue(defaults), CultureInfo.InvariantCulture) ?? "";
            string told = Regex.Match(setting.Description, @"\(default (.+)\)$").Groups[1].Value;
            Assert.Equal((setting.Key, value), (setting.Key, told));
        }
    }

    [Fact]
    public void The_settings_file_of_the_package_offers_only_settings_that_are_taken()
    {
        string file = Path.GetTempFileName();
        try
        {
            string[] lines =
            [
                .. Checkout.Read("packaging/debian/onlinerlhf.json").Split('\n').Where(l => !l.Contains("\"model\"", StringComparison.Ordinal)),
            ];
            File.WriteAllLines(
                file,
                lines.Select(l => l.StartsWith("  // \"", StringComparison.Ordinal) ? l.Replace("// ", "", StringComparison.Ordinal) : l)
            );
            DaemonOptions options = Settings.Read([], file);
            Assert.Equal("thinking:5,ready:6,recorded:13,error:19", options.Lamps);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
