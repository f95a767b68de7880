namespace OnlineRlhf.Daemon.Configuration;

/// <summary>The kind of value that a setting takes.</summary>
internal enum SettingKind
{
    Text,
    Whole,
    Number,
}
