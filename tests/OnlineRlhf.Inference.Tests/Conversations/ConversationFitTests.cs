using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference.Tests.Conversations;

/// <summary>A conversation that is too long loses its oldest turns.</summary>
public sealed class ConversationFitTests
{
    private static readonly ChatMessage System = new("system", "ten tokens");

    [Fact]
    public void A_conversation_that_fits_stays_as_it_is()
    {
        ChatMessage[] messages = [System, .. Turns(9)];
        Assert.Same(messages, Fit(messages, room: 100));
    }

    [Fact]
    public void The_system_message_and_the_last_turn_stay_and_the_rest_fills_half_of_the_room()
    {
        ChatMessage[] messages = [System, .. Turns(11)];
        IReadOnlyList<ChatMessage> kept = Fit(messages, room: 100);
        Assert.Same(System, kept[0]);
        Assert.Equal("user", kept[1].Role);
        Assert.Same(messages[^1], kept[^1]);
        Assert.InRange(kept.Count, 3, 1 + 5);
    }

    [Fact]
    public void The_first_turn_that_stays_is_the_same_for_many_further_turns()
    {
        // A conversation of 101 turns, as the client sends it at each turn of the user.
        ChatMessage[] all = [System, .. Turns(101)];
        string[] first = [.. Enumerable.Range(0, 51).Select(i => Fit(all[..(2 + (2 * i))], room: 100)[1].Content)];
        int cuts = first.Zip(first.Skip(1)).Count(p => p.First != p.Second);
        Assert.InRange(cuts, 8, 16);
    }

    [Fact]
    public void A_last_turn_that_does_not_fit_alone_is_left_to_the_error() => Assert.Equal(2, Fit([System, .. Turns(3)], room: 15).Count);

    [Fact]
    public void A_conversation_of_system_messages_stays() => Assert.Equal(3, Fit([System, System, System], room: 15).Count);

    private static IReadOnlyList<ChatMessage> Fit(ChatMessage[] messages, int room) => ConversationFit.Fit(messages, _ => 10, room).Messages;

    private static IEnumerable<ChatMessage> Turns(int count) =>
        Enumerable.Range(0, count).Select(i => new ChatMessage(i % 2 == 0 ? "user" : "assistant", $"turn {i}"));
}
