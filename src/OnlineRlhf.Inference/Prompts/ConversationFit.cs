namespace OnlineRlhf.Inference.Prompts;

/// <summary>Drops the oldest turns of a conversation that is too long.</summary>
internal static class ConversationFit
{
    /// <summary>
    /// The conversation, or its end. System messages and the last turn stay. The first turn that stays is the same for many further turns, because
    /// the conversation is cut to half of the room each time that it is full: so the model continues from what it has read.
    /// </summary>
    /// <param name="messages">The whole conversation.</param>
    /// <param name="tokensOf">How many tokens a message takes.</param>
    /// <param name="room">How many tokens all messages together may take.</param>
    internal static IReadOnlyList<ChatMessage> Fit(IReadOnlyList<ChatMessage> messages, Func<ChatMessage, int> tokensOf, int room)
    {
        int[] tokens = [.. messages.Select(tokensOf)];
        if (tokens.Sum() <= room)
            return messages;
        room -= messages.Zip(tokens).Where(m => m.First.Role == "system").Sum(m => m.Second);
        int start = 0,
            sum = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            if (messages[i].Role == "system")
                continue;
            sum += tokens[i];
            // A client asks at a turn of the user, and at the end.
            if (sum <= room || (messages[i].Role != "user" && i < tokens.Length - 1))
                continue;
            while (start < i && (sum > room / 2 || messages[start].Role != "user"))
            {
                sum -= messages[start].Role == "system" ? 0 : tokens[start];
                start++;
            }
        }
        return [.. messages.Where((m, i) => i >= start || m.Role == "system")];
    }
}
