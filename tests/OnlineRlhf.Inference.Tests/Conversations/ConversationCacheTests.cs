using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Conversations;

/// <summary>What was read of a conversation is not read again.</summary>
public sealed class ConversationCacheTests : ConversationTestBase
{
    [Theory]
    [InlineData("demo")]
    [InlineData("smollm2")]
    public void Behind_an_answer_that_was_written_under_a_hint_a_turn_reads_that_answer_and_what_is_new(string name)
    {
        Model = Load(name);
        string?[] hints = [Hint, Hint, null];
        ChatMessage[] first = [new("system", "You are a cook."), .. Bread];
        Answer(first, hints, out IReadOnlyList<Candidate> candidates);
        ChatMessage[] next = Continued(
            first,
            candidates.First(c => c.Hint == Hint && c.Text != candidates.FirstOrDefault(p => p.Hint is null)?.Text)
        );

        Prompt before = Model.BuildPrompt(first, hints),
            after = Model.BuildPrompt(next, hints);
        int read = Answer(next, hints, out _);

        Assert.Equal(after.Shared.Length - before.Shared.Length + after.Suffixes.Sum(s => s.Length), read);
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("smollm2")]
    public void Behind_an_answer_that_was_written_without_a_hint_a_turn_reads_only_what_is_new(string name)
    {
        Model = Load(name);
        string?[] hints = [null, Hint];
        Answer(Bread, hints, out IReadOnlyList<Candidate> candidates);
        Candidate plain = candidates.First(c => c.Hint is null);
        ChatMessage[] next = Continued(Bread, plain);

        Prompt before = Model.BuildPrompt(Bread, hints),
            after = Model.BuildPrompt(next, hints);
        int[] kept = [.. before.Shared, .. before.Suffixes[before.Groups[0]], .. plain.TokenIds];
        Assert.Equal(kept, after.Shared[..kept.Length]);
        int read = Answer(next, hints, out _);

        Assert.Equal(after.Shared.Length - kept.Length + after.Suffixes.Sum(s => s.Length), read);
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("smollm2")]
    public void Behind_kept_tokens_the_hidden_states_are_those_of_a_reading_from_the_start(string name)
    {
        Model = Load(name);
        string?[] hints = [null, Hint, null, Hint];
        ChatMessage[] messages = Bread;
        for (int turn = 0; turn < 3; turn++)
        {
            Answer(messages, hints, out IReadOnlyList<Candidate> candidates);
            foreach (Candidate candidate in candidates)
                MustBeAlike(candidate.Hidden, Assert.Single(Model.Force(messages, [candidate.TokenIds], Cancel, candidate.Hint)));
            messages = Continued(messages, candidates[turn % candidates.Count]);
        }
    }

    [Fact]
    public void The_same_question_again_reads_its_hints_alone()
    {
        string?[] hints = [null, Hint];
        Answer(Bread, hints, out _);
        int read = Answer(Bread, hints, out _);
        Assert.Equal(Model.BuildPrompt(Bread, hints).Suffixes.Sum(s => s.Length), read);
        Assert.Equal(Model.BuildPrompt(Bread, hints).Shared.Length, Model.PromptTokens(Bread, Ben) - Model.PromptTokens(Bread, Ada));
    }

    [Fact]
    public void A_last_message_that_was_changed_is_read_behind_the_turn_before()
    {
        string?[] hints = [null];
        Answer(Bread, hints, out IReadOnlyList<Candidate> candidates);
        ChatMessage[] next = Continued(Bread, candidates[0], "And rolls?"),
            changed = Continued(Bread, candidates[0], "What of cakes?");
        Answer(next, hints, out _);

        int all = Tokens(changed, hints),
            read = Answer(changed, hints, out _);

        Assert.InRange(read, 1, all - Tokens(Bread, hints));
    }

    [Fact]
    public void A_conversation_that_another_one_displaced_is_kept_and_goes_on()
    {
        string?[] hints = [null, Hint];
        Answer(Bread, hints, out IReadOnlyList<Candidate> candidates);
        Answer(Sea, hints, out _, owner: Ben);
        ChatMessage[] next = Continued(Bread, candidates[0]);

        Prompt before = Model.BuildPrompt(Bread, hints),
            after = Model.BuildPrompt(next, hints);
        int read = Answer(next, hints, out IReadOnlyList<Candidate> further);

        Assert.Equal(after.Shared.Length - before.Shared.Length + after.Suffixes.Sum(s => s.Length), read);
        foreach (Candidate candidate in further)
            MustBeAlike(candidate.Hidden, Assert.Single(Model.Force(next, [candidate.TokenIds], Cancel, candidate.Hint)));
    }

    [Fact]
    public void Two_chats_of_one_person_that_begin_alike_read_only_what_is_new_in_turn()
    {
        string?[] hints = [null, Hint];
        ChatMessage[][] chats = [Bread, Bread];
        for (int turn = 0; turn < 3; turn++)
        {
            for (int chat = 0; chat < chats.Length; chat++)
            {
                ChatMessage[] messages = chats[chat];
                int read = Answer(messages, hints, out IReadOnlyList<Candidate> candidates);
                Prompt prompt = Model.BuildPrompt(messages, hints);
                int known = turn == 0 ? prompt.Shared.Length * chat : Model.BuildPrompt(messages[..^2], hints).Shared.Length;
                Assert.InRange(read, 0, prompt.Shared.Length - known + prompt.Suffixes.Sum(s => s.Length));
                chats[chat] = Continued(messages, candidates[0], $"And what of rolls, in chat {chat}?");
            }
        }
    }

    [Fact]
    public void A_long_chat_goes_on_behind_a_new_one_that_begins_alike()
    {
        string?[] hints = [null];
        Answer(Bread, hints, out IReadOnlyList<Candidate> first);
        ChatMessage[] second = Continued(Bread, first[0]);
        Answer(second, hints, out IReadOnlyList<Candidate> further);
        Answer(Bread, hints, out _);
        ChatMessage[] third = Continued(second, further[0]);
        Prompt before = Model.BuildPrompt(second, hints),
            after = Model.BuildPrompt(third, hints);
        Assert.Equal(after.Shared.Length - before.Shared.Length + after.Suffixes.Sum(s => s.Length), Answer(third, hints, out _));
    }

    [Fact]
    public void Given_answers_are_read_beside_it()
    {
        string?[] hints = [null, Hint];
        Answer(Bread, hints, out _);
        _ = Model.Force(Sea, ["It is deep."], Cancel);
        Assert.Equal(Model.BuildPrompt(Bread, hints).Suffixes.Sum(s => s.Length), Answer(Bread, hints, out _));
    }

    [Fact]
    public void At_temperature_0_everything_is_read_again_so_that_the_answer_is_the_same()
    {
        var likeliest = new SamplingOptions { Temperature = 0, MaxTokens = 24 };
        using LanguageModel other = Load("demo");
        Answer(Bread, [null, Hint], out IReadOnlyList<Candidate> candidates);
        ChatMessage[] next = Continued(Bread, candidates[0]);
        long before = Model.Context.TokensDecoded;
        Candidate behind = Assert.Single(Model.Sample(next, [null], likeliest, owner: Ada, cancellationToken: Cancel));
        Assert.Equal(Tokens(next, [null]) + behind.Tokens, Model.Context.TokensDecoded - before);
        Candidate alone = Assert.Single(other.Sample(next, [null], likeliest, cancellationToken: Cancel));
        Assert.Equal(alone.TokenIds, behind.TokenIds);
    }

    [Fact]
    public void A_request_that_was_cancelled_takes_nothing_away()
    {
        string?[] hints = [null, Hint];
        Answer(Bread, hints, out IReadOnlyList<Candidate> candidates);
        ChatMessage[] next = Continued(Bread, candidates[0]);
        using var cancelled = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() =>
            Model.Sample(next, hints, new SamplingOptions(), new Then(cancelled.Cancel), Ada, cancelled.Token)
        );
        int all = Tokens(next, hints),
            read = Answer(next, hints, out _);
        Assert.InRange(read, 1, all - Tokens(Bread, [null]) + 1);
    }

    private sealed class Then(Action then) : IProgress<SamplingProgress>
    {
        public void Report(SamplingProgress value) => then();
    }
}
