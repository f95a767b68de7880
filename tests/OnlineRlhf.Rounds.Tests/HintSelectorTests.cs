using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Rounds.Feedback;
using OnlineRlhf.Rounds.Pipeline;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>
/// Which hints the candidates of a round are assigned. Features have a dimension per hint: an answer under hint h is e_h, a plain one 0.
/// </summary>
public sealed class HintSelectorTests
{
    private const int Candidates = 8;
    private static readonly string[] Hints = ["zero", "one", "two", "three", "four", "five"];

    [Fact]
    public void Who_has_not_pressed_is_assigned_every_hint()
    {
        HintSelector selector = Experienced();
        string?[] assigned = selector.Assign(Person(likes: null), Candidates, 1);
        Assert.Equal(2, assigned.Count(h => h is null));
        Assert.Equal(Hints.Order(), assigned.OfType<string>().Order());
    }

    [Fact]
    public void A_hint_that_was_never_tried_is_not_passed_over()
    {
        var selector = new HintSelector(Hints, Hints.Length);
        selector.Remember([null, "zero", "one", "two", "three", "four"], Answers(null, 0, 1, 2, 3, 4));
        Assert.Contains("five", selector.Assign(Person(likes: 0), Candidates, 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void A_hint_whose_answers_are_liked_is_assigned_up_to_three_times_and_the_plain_answers_stay(int liked)
    {
        HintSelector selector = Experienced();
        OnePassRewardModel person = Person(likes: liked);
        for (uint seed = 0; seed < 50; seed++)
        {
            string?[] assigned = selector.Assign(person, Candidates, seed);
            Assert.Equal(Candidates, assigned.Length);
            Assert.Equal(2, assigned.Count(h => h is null));
            Assert.Equal(HintSelector.MostAlike, assigned.Count(h => h == Hints[liked]));
            Assert.True(assigned.OfType<string>().Distinct().Count() >= 2);
        }
    }

    [Fact]
    public void A_hint_whose_answers_are_disliked_is_still_assigned_in_its_turn()
    {
        HintSelector selector = Experienced();
        OnePassRewardModel person = Person(likes: 0, dislikes: 3);
        string?[][] rounds = [.. Enumerable.Range(0, 60).Select(seed => selector.Assign(person, Candidates, (uint)seed))];
        int disliked = rounds.Sum(r => r.Count(h => h == Hints[3])),
            usual = 60;
        Assert.InRange(disliked, 1, usual / 2);
    }

    [Fact]
    public void A_persons_taste_deals_to_that_person_only()
    {
        HintSelector selector = Experienced();
        _ = selector.Assign(Person(likes: 2), Candidates, 1);
        Assert.Equal(Hints.Order(), selector.Assign(Person(likes: null), Candidates, 1).OfType<string>().Order());
    }

    [Fact]
    public void The_same_seed_deals_the_same()
    {
        HintSelector selector = Experienced();
        OnePassRewardModel person = Person(likes: 1);
        Assert.Equal(selector.Assign(person, Candidates, 7), selector.Assign(person, Candidates, 7));
        Assert.Contains(
            Enumerable.Range(0, 20),
            seed => !selector.Assign(person, Candidates, (uint)seed).SequenceEqual(selector.Assign(person, Candidates, 7))
        );
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(1, 16)]
    [InlineData(6, 1)]
    [InlineData(6, 4)]
    [InlineData(6, 16)]
    [InlineData(1, 2)]
    public void Every_number_of_hints_and_candidates_is_dealt(int hints, int candidates)
    {
        var selector = new HintSelector(Hints[..hints], Hints.Length);
        selector.Remember([null, .. Hints[..hints]], Answers([null, .. Enumerable.Range(0, hints).Select(h => (int?)h)]));
        string?[] assigned = selector.Assign(Person(likes: 0), candidates, 3);
        Assert.Equal(candidates, assigned.Length);
        Assert.Contains(null, assigned);
        Assert.All(assigned.OfType<string>(), h => Assert.Contains(h, Hints[..hints]));
    }

    [Fact]
    public void A_round_without_a_plain_answer_teaches_nothing()
    {
        var selector = new HintSelector(["zero"], Hints.Length);
        selector.Remember(["zero", "zero"], Answers(0, 0));
        Assert.Equal([null, "zero", "zero", "zero"], selector.Assign(Person(likes: 0), 4, 1));
    }

    [Fact]
    public void A_round_that_asks_nothing_gets_only_what_is_liked_most()
    {
        HintSelector selector = Experienced(answers: 10);
        OnePassRewardModel person = Person(likes: 4);
        for (uint seed = 0; seed < 50; seed++)
        {
            string?[] assigned = selector.AssignLikeliest(person, Candidates, seed);
            Assert.Equal(Candidates, assigned.Length);
            Assert.Equal(HintSelector.MostAlike, assigned.Count(h => h == Hints[4]));
            Assert.True(assigned.Distinct().Count() >= 3);
        }
    }

    [Fact]
    public void Who_dislikes_every_hint_gets_plain_answers()
    {
        HintSelector selector = Experienced(answers: 10);
        var person = new OnePassRewardModel(Hints.Length, new HyperParameters(1, 1, 1));
        for (int press = 0; press < 200; press++)
            person.Observe(new Comparison([1, 1, 1, 1, 1, 1], 0));
        Assert.All(
            Enumerable.Range(0, 50),
            seed => Assert.Equal(HintSelector.MostAlike, selector.AssignLikeliest(person, Candidates, (uint)seed).Count(h => h is null))
        );
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void Until_every_hint_is_known_a_round_that_asks_nothing_keeps_a_plain_answer_and_one_in_turn(int candidates)
    {
        HintSelector selector = Experienced(answers: 9);
        OnePassRewardModel person = Person(likes: 0, dislikes: 3);
        string?[][] rounds = [.. Enumerable.Range(0, 60).Select(seed => selector.AssignLikeliest(person, candidates, (uint)seed))];
        Assert.All(rounds, assigned => Assert.Equal(1, assigned.Count(h => h is null)));
        // Each of the six hints gets its turn in every sixth round.
        Assert.True(rounds.Count(r => r.Contains(Hints[3])) >= 10);
    }

    [Fact]
    public void Before_the_first_press_a_round_that_asks_nothing_is_like_any_other() =>
        Assert.Equal(Experienced().Assign(Person(likes: null), Candidates, 1), Experienced().AssignLikeliest(Person(likes: null), Candidates, 1));

    [Fact]
    public async Task Presses_change_which_hints_the_loop_deals()
    {
        string state = Directory.CreateTempSubdirectory("onlinerlhf-hints-").FullName;
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using LanguageModel model = LanguageModel.Load(
            new LanguageModelOptions
            {
                ModelPath = Bench.ModelPath,
                Threads = 1,
                ContextTokens = 512,
                StyleHints = Hints,
            },
            cancellation
        );
        using (
            PreferenceLoop loop = await PreferenceLoop.OpenAsync(
                model,
                state,
                new RoundOptions { Sampling = new SamplingOptions { MaxTokens = 24 } },
                TimeProvider.System,
                cancellationToken: cancellation
            )
        )
        {
            Assert.All(await Assigned("before"), most => Assert.Equal(1, most));
            for (uint seed = 0; seed < 12; seed++)
            {
                Round round = await loop.OpenRoundAsync(Bench.Ask(seed: seed), cancellation);
                await loop.GiveFeedbackAsync(round.Id, Preferred.First, cancellation);
            }
            Assert.Contains(HintSelector.MostAlike, await Assigned("after"));
            Assert.All(await Assigned("after", "somebody-else"), most => Assert.Equal(1, most));

            // The most candidates under one hint, of some rounds.
            async Task<List<int>> Assigned(string request, string profile = RoundRequest.DefaultProfile)
            {
                List<int> most = [];
                for (uint seed = 0; seed < 6; seed++)
                {
                    CandidateSet set = await loop.SampleAsync(Bench.Ask(request, profile, seed: seed), cancellation);
                    most.Add(set.Candidates.Where(c => c.Hint is not null).GroupBy(c => c.Hint).Max(g => g.Count()));
                }
                return most;
            }
        }
        Directory.Delete(state, recursive: true);
    }

    private static HintSelector Experienced(int answers = 5)
    {
        var selector = new HintSelector(Hints, Hints.Length);
        for (int round = 0; round < answers; round++)
            selector.Remember([null, null, .. Hints], Answers(null, null, 0, 1, 2, 3, 4, 5));
        return selector;
    }

    private static CandidateFeatures Answers(params ReadOnlySpan<int?> hints)
    {
        float[] rows = new float[hints.Length * Hints.Length];
        for (int i = 0; i < hints.Length; i++)
        {
            if (hints[i] is { } hint)
                rows[(i * Hints.Length) + hint] = 1;
        }
        return new CandidateFeatures(rows, Hints.Length);
    }

    private static OnePassRewardModel Person(int? likes, int? dislikes = null)
    {
        var model = new OnePassRewardModel(Hints.Length, new HyperParameters(1, 1, 1));
        for (int press = 0; press < 200; press++)
        {
            Press(likes, 1);
            Press(dislikes, 0);
        }
        return model;

        void Press(int? hint, double label)
        {
            if (hint is null)
                return;
            float[] difference = new float[Hints.Length];
            difference[hint.Value] = 1;
            model.Observe(new Comparison(difference, label));
        }
    }
}
