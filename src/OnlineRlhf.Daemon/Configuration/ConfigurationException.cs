namespace OnlineRlhf.Daemon.Configuration;

/// <summary>A setting is wrong. The message is one line that names the setting and says what to do. Ends the program with code 78.</summary>
internal sealed class ConfigurationException(string message) : Exception(message);
