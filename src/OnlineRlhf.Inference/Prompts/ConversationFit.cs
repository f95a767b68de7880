namespace OnlineRlhf.Inference.Prompts;

/// <summary>Drops the oldest turns of a conversation that is too long.</summary>
internal static class ConversationFit
{
    // A token has fewer characters than this on average, in any text that somebody writes.
    private const int LongestToken = 64;

    // How many messages go at a time if there are far too many, so that the first turn that stays does not change at every turn.
    private const int Step = 64;

    /// <summary>
    /// The conversation, or its end. System messages and the last turn of the user stay. The first turn that stays is the same for many further
    /// turns, because the conversation is cut to half of the room each time that it is full: so the model continues from what it has read.
    /// </summary>
    /// <param name="messages">The whole conversation.</param>
    /// <param name="tokensOf">How many tokens a message takes; it need not count beyond the room.</param>
    /// <param name="room">How many tokens all messages together may take.</param>
    /// <returns>What is left, and how many tokens it takes.</returns>
    internal static (IReadOnlyList<ChatMessage> Messages, int Tokens) Fit(
        IReadOnlyList<ChatMessage> messages,
        Func<ChatMessage, int> tokensOf,
        int room
    )
    {
        int start = FarTooOld(messages, (long)room * LongestToken),
            asked = LastOf(messages, m => m.Role == "user") ?? LastOf(messages, m => m.Role != "system") ?? 0;
        int[] tokens = [.. messages.Select((m, i) => i >= start || m.Role == "system" ? tokensOf(m) : 0)];
        int system = messages.Zip(tokens).Where(m => m.First.Role == "system").Sum(m => m.Second),
            sum = tokens.Sum();
        if (start == 0 && sum <= room)
            return (messages, sum);
        room -= system;
        sum = 0;
        for (int i = start; i < tokens.Length; i++)
        {
            sum += messages[i].Role == "system" ? 0 : tokens[i];
            // A client asks at a turn of the user, and at the end.
            if (sum <= room || (messages[i].Role != "user" && i < tokens.Length - 1))
                continue;
            while (start < Math.Min(i, asked) && (sum > room / 2 || messages[start].Role != "user"))
            {
                sum -= messages[start].Role == "system" ? 0 : tokens[start];
                start++;
            }
        }
        return ([.. messages.Where((m, i) => i >= start || m.Role == "system")], system + sum);
    }

    /// <summary>How many messages need not even be counted.</summary>
    private static int FarTooOld(IReadOnlyList<ChatMessage> messages, long mostCharacters)
    {
        int first = messages.Count - 1;
        for (long characters = 0; first > 0; first--)
        {
            characters += messages[first - 1].Content.Length;
            if (characters > mostCharacters)
                break;
        }
        return first <= 0 ? 0 : Math.Min((first + Step - 1) / Step * Step, LastOf(messages, m => m.Role == "user") ?? first);
    }

    private static int? LastOf(IReadOnlyList<ChatMessage> messages, Func<ChatMessage, bool> fits)
    {
        for (int i = messages.Count - 1; i >= 0; i--)
        {
            if (fits(messages[i]))
                return i;
        }
        return null;
    }
}
