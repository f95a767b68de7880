namespace OnlineRlhf.Daemon.Configuration;

/// <summary>What the value of a setting has to be.</summary>
internal enum SettingKind
{
    Text,
    Whole,
    Number,
}
