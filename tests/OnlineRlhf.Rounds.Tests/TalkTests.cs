using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds.Conversations;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>What the loop learns from a person who only talks.</summary>
public sealed class TalkTests : IDisposable
{
    private const string Egg = "How do I boil an egg?";
    private readonly Bench _bench = new(new RoundOptions { Steering = new SteeringOptions() });

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Asked_again_it_gives_another_answer_and_then_a_third()
    {
        string first = await SayAsync(Egg),
            second = await SayAsync(Egg),
            third = await SayAsync(Egg);
        Assert.NotEqual(first, second);
        Assert.NotEqual(second, third);
    }

    [Fact]
    public async Task The_answer_for_comparison_is_given_without_generation()
    {
        await TeachAsync();
        using ConversationAnswer first = await AnswerAsync(Egg);
        first.Delivered();
        UnshownAnswer unshown = (await first.Round!.Challenger)!;
        using ConversationAnswer again = await AnswerAsync(Egg);
        Assert.Equal(unshown.Answer.Text, Text(again));
        Assert.Equal(first.Round!.Id, again.Round!.Id);
        Assert.False(again.IsNew);
    }

    [Fact]
    public async Task If_answers_are_chosen_whole_the_second_one_is_there_at_once()
    {
        using var bench = new Bench();
        using ConversationAnswer first = await bench.Loop.Conversations.AnswerAsync(Request(Egg), cancellationToken: Cancellation);
        first.Delivered();
        Assert.NotNull(first.Round!.Unshown);
        using ConversationAnswer again = await bench.Loop.Conversations.AnswerAsync(Request(Egg), cancellationToken: Cancellation);
        Assert.False(again.IsNew);
        Assert.NotEqual(Text(first), Text(again));
    }

    [Fact]
    public async Task With_another_temperature_the_same_question_is_a_new_one()
    {
        _ = await SayAsync(Egg);
        using ConversationAnswer warmer = await AskAsync(Request(Egg) with { Temperature = 1.5f });
        warmer.Delivered();
        _ = await SayAsync(Egg, Text(warmer), "And rice?");
        Assert.Equal(0, _bench.Loop.Status.HeldBack);
    }

    [Fact]
    public async Task Going_back_to_the_first_answer_teaches()
    {
        string first = await SayAsync(Egg);
        _ = await SayAsync(Egg);
        using EventHub.Subscription events = _bench.Events.Follow();
        _ = await SayAsync(Egg, first, "Thanks. And rice?");
        Assert.Equal(1, _bench.Loop.CountComparisons("default"));
        Assert.Equal(ComparisonKind.Talk, Recorded(events)!.Kind);
        Assert.Equal(1, _bench.Loop.Status.Kept);
    }

    [Fact]
    public async Task Who_always_stays_with_the_newest_answer_teaches_nothing()
    {
        for (int turn = 0; turn < 4; turn++)
        {
            _ = await SayAsync($"Tell me story {turn}.");
            string newest = await SayAsync($"Tell me story {turn}.");
            _ = await SayAsync($"Tell me story {turn}.", newest, "Go on.");
        }
        Assert.Equal(0, _bench.Loop.CountComparisons("default"));
        Assert.Equal(4, _bench.Loop.Status.HeldBack);
    }

    [Fact]
    public async Task What_was_held_back_is_learned_when_the_person_goes_back_and_from_then_on_at_once()
    {
        await KeepNewestAsync("Tell me a story.");
        await KeepNewestAsync("Tell me a joke.");
        string first = await SayAsync(Egg);
        _ = await SayAsync(Egg);
        _ = await SayAsync(Egg, first, "And two eggs?");
        Assert.Equal(3, _bench.Loop.CountComparisons("default"));
        await KeepNewestAsync("Tell me about the sea.");
        Assert.Equal(4, _bench.Loop.CountComparisons("default"));
    }

    [Fact]
    public async Task Going_on_without_asking_again_teaches_nothing()
    {
        string first = await SayAsync(Egg);
        _ = await SayAsync(Egg, first, "And rice?");
        Assert.Equal(0, _bench.Loop.CountComparisons("default"));
        Assert.Equal(0, _bench.Loop.Status.HeldBack);
    }

    [Fact]
    public async Task An_edited_answer_teaches_nothing()
    {
        string first = await SayAsync(Egg);
        _ = await SayAsync(Egg);
        _ = await SayAsync(Egg, first + " Enjoy!", "And rice?");
        Assert.Equal(0, _bench.Loop.CountComparisons("default"));
        Assert.Equal(0, _bench.Loop.Status.HeldBack);
    }

    [Fact]
    public async Task Changed_white_space_is_no_edit()
    {
        string first = await SayAsync(Egg);
        _ = await SayAsync(Egg);
        _ = await SayAsync(Egg, $"  {first.Replace(" ", "\n")}\n", "And rice?");
        Assert.Equal(1, _bench.Loop.CountComparisons("default"));
    }

    [Fact]
    public async Task An_answer_whose_last_byte_was_not_sent_was_not_seen()
    {
        using (ConversationAnswer broken = await AnswerAsync(Egg))
            Assert.NotEmpty(Text(broken));
        using ConversationAnswer again = await AnswerAsync(Egg);
        Assert.True(again.IsNew);
        again.Delivered();
        _ = await SayAsync(Egg, Text(again), "And rice?");
        Assert.Equal(0, _bench.Loop.Status.HeldBack);
    }

    [Fact]
    public async Task A_retry_of_the_client_is_no_wish_for_another_answer()
    {
        _ = await SayAsync(Egg);
        using ConversationAnswer retried = await AskAsync(Request(Egg) with { IsRetry = true });
        Assert.True(retried.IsNew);
        retried.Delivered();
        _ = await SayAsync(Egg, Text(retried), "And rice?");
        Assert.Equal(0, _bench.Loop.Status.HeldBack);
    }

    [Fact]
    public async Task After_ten_minutes_and_after_another_conversation_the_same_question_is_a_new_one()
    {
        _ = await SayAsync(Egg);
        _bench.Clock.Advance(TimeSpan.FromMinutes(11));
        using (ConversationAnswer later = await AnswerAsync(Egg))
        {
            Assert.True(later.IsNew);
            later.Delivered();
        }
        _ = await SayAsync("Tell me a joke.");
        string after = await SayAsync(Egg);
        _ = await SayAsync(Egg, after, "And rice?");
        Assert.Equal(0, _bench.Loop.Status.HeldBack);
    }

    [Fact]
    public async Task Asked_a_third_time_both_answers_count_as_equal()
    {
        await GoBackOnceAsync();
        _ = await SayAsync(Egg);
        _ = await SayAsync(Egg);
        long before = _bench.Loop.CountComparisons("default");
        using ConversationAnswer third = await AnswerAsync(Egg);
        Assert.True(third.IsNew);
        Assert.Equal(before + 1, _bench.Loop.CountComparisons("default"));
    }

    [Fact]
    public async Task The_time_in_a_system_message_changes_nothing_and_a_history_may_lack_what_stood_around_the_question()
    {
        string wrapped = $"Use this context:\nEggs are round.\n{Egg}";
        using (ConversationAnswer first = await AskAsync(new RoundRequest([new("system", "It is 8:30."), new("user", wrapped)])))
        {
            first.Delivered();
            using ConversationAnswer again = await AskAsync(new RoundRequest([new("system", "It is 8:31."), new("user", wrapped)]));
            Assert.NotEqual(Text(first), Text(again));
            again.Delivered();
            _ = await SayAsync(Egg, Text(first), "And rice?");
        }
        Assert.Equal(1, _bench.Loop.CountComparisons("default"));
    }

    [Fact]
    public async Task Under_another_system_message_the_same_question_is_a_new_one()
    {
        _ = await SendAsync(new RoundRequest([new("system", "You are a pirate."), new("user", Egg)]));
        string other = await SendAsync(new RoundRequest([new("system", "You are a teacher."), new("user", Egg)]));
        _ = await SayAsync(Egg, other, "And rice?");
        Assert.Equal(0, _bench.Loop.Status.HeldBack);
    }

    [Fact]
    public async Task Of_several_messages_in_a_row_all_count()
    {
        using ConversationAnswer first = await AskAsync(new RoundRequest([new("user", "A letter."), new("user", "Summarise it.")]));
        first.Delivered();
        using ConversationAnswer other = await AskAsync(new RoundRequest([new("user", "The weather."), new("user", "Summarise it.")]));
        Assert.True(other.IsNew);
        Assert.NotEqual(first.Round!.Id, other.Round!.Id);
    }

    [Fact]
    public async Task A_chat_about_something_alike_ends_no_other_round()
    {
        using ConversationAnswer joke = await AnswerAsync("Tell me a joke"),
            hi = await AnswerAsync("Hi"),
            cats = await AnswerAsync("Tell me a joke about cats, please."),
            blank = await AskAsync(new RoundRequest([new("user", ""), new("assistant", "Hello!"), new("user", "Hi")]));
        Assert.NotNull(_bench.Loop.Find(joke.Round!.Id));
        Assert.NotNull(_bench.Loop.Find(hi.Round!.Id));
        Assert.NotNull(_bench.Loop.Find(cats.Round!.Id));
    }

    [Fact]
    public async Task A_pair_of_another_chat_in_between_makes_the_same_question_a_new_one()
    {
        _ = await SayAsync(Egg);
        _ = await _bench.Loop.Conversations.AnswerAsync(Request("Tell me a joke.") with { Ask = AskMode.Always }, cancellationToken: Cancellation);
        string after = await SayAsync(Egg);
        _ = await SayAsync(Egg, after, "And rice?");
        Assert.Equal(0, _bench.Loop.Status.HeldBack);
    }

    [Fact]
    public async Task A_longer_question_is_another_one()
    {
        _ = await SayAsync("Tell me a joke");
        using ConversationAnswer other = await AnswerAsync("Tell me a joke about cats");
        Assert.True(other.IsNew);
        other.Delivered();
        _ = await SayAsync("Tell me a joke about cats", Text(other), "Ha!");
        Assert.Equal(0, _bench.Loop.Status.HeldBack);
    }

    [Fact]
    public async Task Of_two_columns_only_the_first_one_says_something()
    {
        await GoBackOnceAsync();
        long before = _bench.Loop.CountComparisons("default");
        (string first, string last) = await ColumnsAsync("Tell me a story about the sea.");
        Assert.NotEqual(first, last);
        _ = await SayAsync("Tell me a story about the sea.", last, "Go on.");
        Assert.Equal(before, _bench.Loop.CountComparisons("default"));
        (first, _) = await ColumnsAsync("Tell me a story about a cat.");
        _ = await SayAsync("Tell me a story about a cat.", first, "Go on.");
        Assert.Equal(before + 1, _bench.Loop.CountComparisons("default"));
    }

    [Fact]
    public async Task Who_chooses_in_columns_does_not_go_back()
    {
        (string first, _) = await ColumnsAsync("Tell me a story about a cat.");
        _ = await SayAsync("Tell me a story about a cat.", first, "Go on.");
        Assert.Equal(0, _bench.Loop.CountComparisons("default"));
        Assert.Equal(1, _bench.Loop.Status.HeldBack);
    }

    [Fact]
    public async Task Each_key_goes_back_for_itself()
    {
        await GoBackOnceAsync();
        long before = _bench.Loop.CountComparisons("default");
        var other = Guid.NewGuid();
        await SendAsync(Request(Egg) with { Source = other });
        string newest = await SendAsync(Request(Egg) with { Source = other });
        await SendAsync(Request(Egg, newest, "And rice?") with { Source = other });
        Assert.Equal(before, _bench.Loop.CountComparisons("default"));
        Assert.Equal(1, _bench.Loop.Status.HeldBack);
    }

    [Fact]
    public async Task Switched_off_nothing_is_remembered()
    {
        using var bench = new Bench(new RoundOptions { LearnFromConversations = false });
        using ConversationAnswer first = await bench.Loop.Conversations.AnswerAsync(Request(Egg), cancellationToken: Cancellation);
        first.Delivered();
        Assert.Null(first.Round!.Exchange);
        using ConversationAnswer again = await bench.Loop.Conversations.AnswerAsync(Request(Egg), cancellationToken: Cancellation);
        Assert.True(again.IsNew);
    }

    [Theory]
    [InlineData("shorter")]
    [InlineData("Shorter, please!")]
    [InlineData("Can you make it a bit shorter?")]
    [InlineData("bitte etwas kürzer")]
    public async Task A_wish_about_manner_is_learned_from_one_word(string word)
    {
        const string Story = "Tell me a story about the sea.";
        string first = await SayAsync(Story);
        using EventHub.Subscription events = _bench.Events.Follow();
        string shorter = await SayAsync(Story, first, word);
        RoundEvent.Recorded? recorded = Recorded(events);
        // The demo model's answers differ little in length. If none is shorter, the word is not learned.
        if (Length(shorter) < Length(first))
            Assert.Equal(ComparisonKind.Word, recorded!.Kind);
        else
            Assert.Null(recorded);
        long before = _bench.Loop.CountComparisons("default");
        _ = await SayAsync(Story, first, word, shorter, "Thank you. And a joke?");
        Assert.Equal(before + 1, _bench.Loop.CountComparisons("default"));
    }

    [Fact]
    public async Task A_second_wish_is_about_the_same_question_as_the_first_one()
    {
        using ConversationAnswer first = await AnswerAsync(Egg);
        first.Delivered();
        string shorter = await SayAsync(Egg, Text(first), "shorter");
        using ConversationAnswer simpler = await AnswerAsync(Egg, Text(first), "shorter", shorter, "simpler");
        // The model read the question alone.
        Assert.Equal(first.Round!.PromptTokens, simpler.Round!.PromptTokens);
    }

    [Fact]
    public async Task A_wish_asked_again_stays_a_wish()
    {
        using ConversationAnswer first = await AnswerAsync(Egg);
        first.Delivered();
        for (int time = 0; time < 4; time++)
        {
            using ConversationAnswer shorter = await AnswerAsync(Egg, Text(first), "shorter");
            shorter.Delivered();
            Assert.Equal(first.Round!.PromptTokens, shorter.Round!.PromptTokens);
        }
    }

    [Theory]
    [InlineData("Is it shorter to walk?")]
    [InlineData("list")]
    [InlineData("What is a simple life?")]
    public async Task Any_other_message_is_no_wish(string message)
    {
        string first = await SayAsync(Egg);
        _ = await SayAsync(Egg, first, message);
        Assert.Equal(0, _bench.Loop.CountComparisons("default"));
    }

    [Fact]
    public async Task A_wish_without_an_answer_before_it_is_a_question()
    {
        Assert.NotEmpty(await SayAsync("shorter"));
        Assert.Equal(0, _bench.Loop.CountComparisons("default"));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The length of a text as the feature map measures it.</summary>
    private static float Length(string text)
    {
        float[] statistics = new float[TextStatistics.Count];
        TextStatistics.For("en").Compute("", text, statistics);
        return statistics[0];
    }

    private static string Text(ConversationAnswer answer) => Assert.Single(answer.Shown).Text;

    private static RoundEvent.Recorded? Recorded(EventHub.Subscription events)
    {
        RoundEvent.Recorded? last = null;
        while (events.Events.TryRead(out RoundEvent? happened))
            last = happened as RoundEvent.Recorded ?? last;
        return last;
    }

    private static RoundRequest Request(params string[] turns) =>
        new([.. turns.Select((t, i) => new ChatMessage(i % 2 == 0 ? "user" : "assistant", t))])
        {
            Scope = RoundScope.Conversation,
            Ask = AskMode.Never,
            Source = Guid.Empty,
        };

    private Task<ConversationAnswer> AskAsync(RoundRequest request) =>
        _bench.Loop.Conversations.AnswerAsync(
            request with
            {
                Scope = RoundScope.Conversation,
                Ask = AskMode.Never,
                Source = request.Source ?? Guid.Empty,
            },
            cancellationToken: Cancellation
        );

    private Task<ConversationAnswer> AnswerAsync(params string[] turns) => AskAsync(Request(turns));

    private Task<string> SayAsync(params string[] turns) => SendAsync(Request(turns));

    private async Task<string> SendAsync(RoundRequest request)
    {
        using ConversationAnswer answer = await AskAsync(request);
        answer.Delivered();
        return Text(answer);
    }

    private async Task<(string First, string Last)> ColumnsAsync(string question)
    {
        Task<ConversationAnswer> first = AnswerAsync(question),
            last = AnswerAsync(question);
        using ConversationAnswer one = await first,
            two = await last;
        one.Delivered();
        two.Delivered();
        return (Text(one), Text(two));
    }

    private async Task KeepNewestAsync(string question)
    {
        _ = await SayAsync(question);
        string newest = await SayAsync(question);
        _ = await SayAsync(question, newest, "Go on.");
    }

    private async Task GoBackOnceAsync()
    {
        string first = await SayAsync("Where is my cup?");
        _ = await SayAsync("Where is my cup?");
        _ = await SayAsync("Where is my cup?", first, "Thanks.");
        Assert.Equal(1, _bench.Loop.CountComparisons("default"));
    }

    private async Task TeachAsync()
    {
        Round round = await _bench.OpenAsync("Tell me a joke.", ask: AskMode.Always);
        await _bench.PressAsync(round.Id, Feedback.Preferred.First);
    }
}
