namespace OnlineRlhf.Hardware;

/// <summary>The board cannot be used as it is wired or set up; the message says what to do.</summary>
public sealed class BoardException : Exception
{
    internal BoardException(string message, Exception? inner = null)
        : base(message, inner) { }
}
