namespace OnlineRlhf.Storage;

/// <summary>How a comparison came about. The numbers are stored.</summary>
public enum ComparisonKind
{
    /// <summary>An earlier version recorded it and did not store how it came about.</summary>
    Unknown = 0,

    /// <summary>A person said which answer of a round is better.</summary>
    Press = 1,

    /// <summary>A client brought both answers.</summary>
    Brought = 2,

    /// <summary>A person went on with one of two answers in a conversation.</summary>
    Talk = 3,

    /// <summary>A person wished for another manner, such as "shorter".</summary>
    Word = 4,
}
