using System.Globalization;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Engine;

/// <summary>Answers that a guide chooses block by block.</summary>
public sealed class SteeringTests
{
    private const string Question = "How do I bake bread?";
    internal static readonly ChatMessage[] Messages = [new("user", Question)];
    internal static readonly SteeringOptions Blocks = new(FirstBlock: 8, Branches: 3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("demo")]
    [InlineData("smollm2")]
    public void Features_of_branches_equal_those_of_the_same_tokens_read_alone(string name)
    {
        LanguageModel model = Models.Get(name);
        string?[] hints = [null, "Use simple words.", "Be warm and friendly.", null];
        var map = new FeatureMap(model.EmbeddingLength, Models.Scales(name), TextStatistics.For("en"));
        for (uint seed = 1; seed <= 4; seed++)
        {
            // Longer texts are better, and the shortest first block is finished beside.
            var guide = new Guide(b => b.Hidden.Tokens + b.Text.Length, withChallenger: true);
            SteeredAnswers answers = Steer(model, guide, hints, seed, maxTokens: 40);
            foreach (Candidate answer in ((Candidate?[])[answers.Leader, answers.Challenger]).OfType<Candidate>())
            {
                Assert.Equal(answer.TokenIds.Count, answer.Hidden.Tokens);
                HiddenBlocks forced = Assert.Single(model.Force(Messages, [answer.TokenIds], Cancel, answer.Hint));
                Assert.True(Difference(map, answer.Hidden, forced, answer.Text) < 0.02, $"{name}, seed {seed}, {answer.Text}");
            }
        }

        static double Difference(FeatureMap map, HiddenBlocks one, HiddenBlocks other, string text)
        {
            float[] a = new float[map.Dimension],
                b = new float[map.Dimension];
            map.Map(one, Question, text, a);
            map.Map(other, Question, text, b);
            return Math.Sqrt(a.Zip(b).Sum(p => Math.Pow(p.First - p.Second, 2)) / b.Sum(x => (double)x * x));
        }
    }

    [Fact]
    public void What_is_settled_only_grows_and_breaks_no_word()
    {
        for (uint seed = 1; seed <= 20; seed++)
        {
            var guide = new Guide(b => b.Text.Length, withChallenger: true);
            SteeredAnswers answers = Steer(Models.Demo, guide, new string?[8], seed, maxTokens: 60);
            Check(guide.Leader, answers.Leader.Text);
            if (answers.Challenger is { } challenger)
                Check(guide.Challenger, challenger.Text);
        }

        static void Check(List<string> settled, string whole)
        {
            Assert.Equal(whole, settled[^1]);
            Assert.Equal(settled.Order(Comparer<string>.Create((a, b) => a.Length.CompareTo(b.Length))), settled);
            foreach (string text in settled)
            {
                Assert.StartsWith(text, whole, StringComparison.Ordinal);
                Assert.True(text.Length == whole.Length || char.IsWhiteSpace(whole[text.Length]), $"\"{text}\" breaks a word of \"{whole}\"");
            }
        }
    }

    [Fact]
    public void The_guide_decides_what_is_written()
    {
        // Both guides see the same first blocks.
        double longer = 0,
            shorter = 0;
        for (uint seed = 1; seed <= 12; seed++)
        {
            longer += Steer(Models.Demo, new Guide(Length), new string?[8], seed, maxTokens: 60).Leader.Text.Length;
            shorter += Steer(Models.Demo, new Guide(b => -Length(b)), new string?[8], seed, maxTokens: 60).Leader.Text.Length;
        }
        Assert.True(longer > 1.3 * shorter, $"{longer} against {shorter} characters");

        static double Length(PartialAnswer branch) => branch.HasEnded ? branch.Text.Length : branch.Text.Length + 40;
    }

    [Fact]
    public void It_draws_about_half_of_the_tokens_of_eight_whole_answers()
    {
        int steered = 0,
            whole = 0;
        var longest = new SamplingOptions { MaxTokens = 60, Temperature = 1 };
        for (uint seed = 1; seed <= 10; seed++)
        {
            steered += Steer(Models.Demo, new Guide(b => b.Text.Length), new string?[8], seed, maxTokens: 60).Tokens;
            whole += Models.Demo.Sample(Messages, new string?[8], longest with { Seed = seed }, cancellationToken: Cancel).Sum(c => c.Tokens);
        }
        Assert.InRange(steered, 0.2 * whole, 0.8 * whole);
    }

    [Fact]
    public void A_next_turn_reads_a_steered_answer_only_once()
    {
        using LanguageModel model = LanguageModel.Load(Models.Options(Models.DemoPath), Cancel);
        SteeredAnswers answers = Steer(model, new Guide(b => b.Text.Length), [null, null], 3, maxTokens: 30, owner: "ada");
        ChatMessage[] next = [.. Messages, new("assistant", answers.Leader.Text), new("user", "And then?")];
        int all = model.PromptTokens(next, null),
            left = model.PromptTokens(next, "ada");
        Assert.True(left < all - answers.Leader.Tokens, $"{left} of {all} tokens are left to read");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(1000)]
    public void A_challenger_that_is_not_shown_is_finished_after_the_leader_until_somebody_wants_the_model(int steps)
    {
        using LanguageModel model = LanguageModel.Load(Models.Options(Models.DemoPath), Cancel);
        using var ended = new CancellationTokenSource();
        Candidate? served = null;
        long before = 0;
        model.Progressed += () =>
        {
            if (served is not null && model.Context.TokensDecoded - before >= steps)
                ended.Cancel();
        };
        var guide = new Guide(b => b.Text.Length, withChallenger: true, isAsked: false)
        {
            Serve = leader =>
            {
                (served, before) = (leader, model.Context.TokensDecoded);
                if (steps == 0)
                    ended.Cancel();
                return ended.Token;
            },
        };
        SteeredAnswers answers = Steer(model, guide, new string?[8], 3, maxTokens: 30);
        Assert.Equal(served!.Text, answers.Leader.Text);
        Assert.Empty(guide.Challenger);
        Assert.Equal(steps == 1000, answers.Challenger is not null);
        Assert.True(model.Context.TokensDecoded - before <= Math.Min(steps, 30));
        // The next turn goes on from the leader, whatever became of the challenger.
        ChatMessage[] next = [.. Messages, new("assistant", answers.Leader.Text), new("user", "And then?")];
        Assert.True(model.PromptTokens(next) < model.PromptTokens(next, null) - answers.Leader.Tokens);
        Assert.InRange(model.Context.RentedSequences, 0, 4);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(3, false)]
    [InlineData(4, false)]
    [InlineData(8, false)]
    public void There_is_room_for_every_number_of_candidates_under_hints_in_a_further_turn(int candidates, bool isAsked)
    {
        string[] hints = [.. Enumerable.Range(1, candidates - 1).Select(i => $"Use {i} words.")];
        using LanguageModel model = LanguageModel.Load(Models.Options(Models.DemoPath) with { Candidates = candidates, StyleHints = hints }, Cancel);
        for (uint turn = 1; turn <= 3; turn++)
        {
            SteeredAnswers answers = model.Steer(
                model.Tokenize(Messages),
                [null, .. hints],
                new SamplingOptions { Seed = turn, MaxTokens = 40 },
                new SteeringOptions(Branches: 8),
                new Guide(b => b.Text.Length, withChallenger: true, isAsked),
                owner: "ada",
                cancellationToken: Cancel
            );
            Assert.NotEmpty(answers.Leader.Text);
        }
    }

    [Fact]
    public void What_is_told_does_not_show_which_answer_leads()
    {
        using LanguageModel model = LanguageModel.Load(Models.Options(Models.DemoPath), Cancel);
        for (uint seed = 1; seed <= 20; seed++)
        {
            // The same first blocks with the roles exchanged: what is told first of each text must not depend on its role.
            Guide guide = Told(seed, 1),
                exchanged = Told(seed, -1);
            Assert.Equal((guide.Leader[0], guide.Challenger[0]), (exchanged.Challenger[0], exchanged.Leader[0]));
        }

        Guide Told(uint seed, int sign)
        {
            var guide = new Guide(b => sign * ((b.Text.Sum(c => (double)c) % 97) + (b.Hidden.Tokens / 1000.0)), withChallenger: true);
            _ = Steer(model, guide, new string?[8], seed, maxTokens: 40);
            return guide;
        }
    }

    internal static SteeredAnswers Steer(LanguageModel model, Guide guide, string?[] hints, uint seed, int maxTokens, string owner = "") =>
        model.Steer(
            model.Tokenize(Messages),
            hints,
            new SamplingOptions
            {
                Seed = seed,
                MaxTokens = maxTokens,
                Temperature = 1,
            },
            Blocks,
            guide,
            owner: owner,
            cancellationToken: Cancel
        );
}
