namespace OnlineRlhf.Rounds.Conversations;

/// <summary>The answers to one request of a chat program. Dispose it when nothing more is sent.</summary>
public sealed class ConversationAnswer : IDisposable
{
    private readonly Action<bool> _ended;
    private bool _isEnded;

    /// <summary>Creates an answer that the model did not write.</summary>
    public ConversationAnswer(string text) => (Shown, _ended) = ([new ShownAnswer(text, 0, Complete: true)], _ => { });

    internal ConversationAnswer(Round round, IReadOnlyList<ShownAnswer> shown, bool isNew, Action<bool> ended) =>
        (Round, Shown, IsNew, _ended) = (round, shown, isNew, ended);

    /// <summary>The round that the answers belong to; null if the model did not write them.</summary>
    public Round? Round { get; }

    /// <summary>One answer, or two that are shown side by side.</summary>
    public IReadOnlyList<ShownAnswer> Shown { get; }

    /// <summary>Whether a round was opened for the request.</summary>
    public bool IsNew { get; }

    /// <summary>Notes that the last byte was sent. Only answers that arrived count as shown.</summary>
    public void Delivered() => End(wasDelivered: true);

    /// <summary>Notes that nothing more is sent.</summary>
    public void Dispose() => End(wasDelivered: false);

    private void End(bool wasDelivered)
    {
        if (!_isEnded)
            _ended(wasDelivered);
        _isEnded = true;
    }
}
