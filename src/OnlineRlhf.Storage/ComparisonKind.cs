namespace OnlineRlhf.Storage;

/// <summary>stub</summary>
public enum ComparisonKind
{
    /// <summary>s</summary>
    Unknown,

    /// <summary>s</summary>
    Press,

    /// <summary>s</summary>
    Brought,

    /// <summary>s</summary>
    Talk,

    /// <summary>s</summary>
    Word,
}
