using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Inference.Tests.Engine;

namespace OnlineRlhf.Inference.Tests.Reasoning;

/// <summary>Reasoning models: what they think before they answer is no part of the answer.</summary>
public sealed class ThinkingTests : IDisposable
{
    /// <summary>As Qwen3's template: it writes an empty block where thinking is off.</summary>
    private const string Switchable =
        MarkovModel.ChatMl
        + "{% if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- if enable_thinking is defined and enable_thinking is "
        + "false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{% endif %}";

    /// <summary>As QwQ's: it opens the block always.</summary>
    private const string Opening =
        MarkovModel.ChatMl
        + "{% if '</think>' in content %}{% endif %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif %}";

    private static readonly string[] Thoughts = [" hmm", " well", " so"];
    private readonly string _folder = Directory.CreateTempSubdirectory("onlinerlhf-thinking-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Thoughts_are_no_part_of_text_tokens_and_hidden_states()
    {
        using LanguageModel model = Load(Reasoner(Switchable, short.MaxValue), thinking: true, budget: 50);
        IReadOnlyList<Candidate> candidates = Sample(model);

        Assert.All(
            candidates,
            c =>
            {
                Assert.Matches("^(Yes|No|Maybe)( please)*$", c.Text);
                Assert.Equal(c.Tokens, c.Hidden.Tokens);
                Assert.Equal(c.Text.Split(' ').Length + 1, c.Tokens);
                Assert.True(c.Thoughts >= 3, $"{c.Thoughts} tokens of thoughts");
            }
        );
        Assert.Equal(candidates.Count, candidates.Select(c => c.Text).Distinct().Count());
    }

    [Fact]
    public void The_hidden_states_of_an_answer_are_those_of_the_same_answer_without_thoughts()
    {
        using LanguageModel model = Load(Reasoner(Switchable, short.MaxValue), thinking: true, budget: 50);
        Candidate sampled = Sample(model)[0];
        HiddenBlocks read = model.Force(Ask, [sampled.Text], cancellationToken: TestContext.Current.CancellationToken)[0];

        Assert.Equal(Blocks(sampled.Hidden), Blocks(read));
    }

    [Fact]
    public void By_default_the_prompt_switches_thinking_off_where_the_template_can()
    {
        using LanguageModel model = Load(Reasoner(Switchable, short.MaxValue), thinking: false, budget: 50);

        Assert.All(Sample(model), c => Assert.Equal(0, c.Thoughts));
        Assert.Contains("switched off", model.Thinking, StringComparison.Ordinal);
        Assert.Equal(0, model.ThinkingBudget);
    }

    [Fact]
    public void A_prompt_opens_the_block_where_the_template_does()
    {
        using LanguageModel model = Load(Reasoner(Opening, short.MaxValue), thinking: false, budget: 50);

        Assert.All(Sample(model), c => Assert.True(c.Thoughts >= 2 && c.Text.Length > 0));
        Assert.Contains("cannot switch thinking off", model.Thinking, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(200)]
    public void At_the_end_of_the_budget_the_block_is_closed_and_the_answer_begins(int budget)
    {
        using LanguageModel model = Load(Reasoner(Opening, 0), thinking: false, budget);
        IReadOnlyList<Candidate> candidates = Sample(model);

        Assert.All(candidates, c => Assert.Matches("^(Yes|No|Maybe)( please)*$", c.Text));
        Assert.All(candidates, c => Assert.InRange(c.Thoughts, budget, budget + 8));
    }

    [Fact]
    public void The_answer_has_its_own_limit_whatever_was_thought()
    {
        using LanguageModel model = Load(Reasoner(Opening, 0), thinking: false, budget: 100);
        IReadOnlyList<Candidate> candidates = Sample(model, maxTokens: 1);

        Assert.All(candidates, c => Assert.Equal((1, false), (c.Tokens, c.Complete)));
        Assert.Equal(candidates.Count, candidates.Select(c => c.Text).Distinct().Count());
    }

    [Fact]
    public void A_model_that_ends_its_turn_while_it_thinks_answers_all_the_same()
    {
        MarkovModel model = new MarkovModel { Template = Opening }
            .After("\n", " hmm")
            .After(" hmm", MarkovModel.End)
            .After("\n\n", "Yes", "No")
            .After("Yes", MarkovModel.End)
            .After("No", MarkovModel.End);
        using LanguageModel loaded = Load(model, thinking: false, budget: 50);

        Assert.Equal(["No", "Yes"], Sample(loaded).Select(c => c.Text).Order());
    }

    [Fact]
    public void A_model_thinks_no_second_time_after_its_thoughts_were_cut()
    {
        MarkovModel model = new MarkovModel { Template = Opening }
            .After("\n", " hmm")
            .After(" hmm", " hmm")
            .After("\n\n", "<think>", "Yes")
            .After("<think>", " hmm")
            .After("Yes", MarkovModel.End);
        using LanguageModel loaded = Load(model, thinking: false, budget: 30);

        Assert.Equal(["Yes"], Sample(loaded).Select(c => c.Text));
    }

    [Fact]
    public void Thoughts_that_no_template_promises_are_dropped_too()
    {
        using LanguageModel model = Load(Reasoner(MarkovModel.ChatMl, short.MaxValue), thinking: false, budget: 50);

        Assert.All(Sample(model), c => Assert.Matches("^(Yes|No|Maybe)( please)*$", c.Text));
        Assert.Contains("none", model.Thinking, StringComparison.Ordinal);
    }

    [Fact]
    public void Markers_that_are_control_tokens_are_seen()
    {
        string template = MarkovModel.ChatMl + "{{ '[THINK]' + block['thinking'] + '[/THINK]' }}";
        MarkovModel model = new MarkovModel { Template = template }
            .After("\n", "[THINK]")
            .After("[THINK]", " hmm")
            .After(" hmm", " hmm", "[/THINK]")
            .After("[/THINK]", "Yes", "No")
            .After("Yes", MarkovModel.End)
            .After("No", MarkovModel.End);
        using LanguageModel loaded = Load(model, thinking: false, budget: 50);

        Assert.Equal(["No", "Yes"], Sample(loaded).Select(c => c.Text).Order());
    }

    [Fact]
    public void Channels_are_thoughts_up_to_the_final_one()
    {
        string template = MarkovModel.ChatMl + "{{ '<|channel|>analysis<|message|>' + message.thinking }}";
        MarkovModel model = new MarkovModel { Template = template }
            .After("\n", "<|channel|>")
            .After("<|channel|>", "analysis", "final")
            .After("analysis", "<|message|>")
            .After("final", "<|message|>")
            .After("<|message|>", "Yes", "No")
            .After("Yes", "<|end|>", MarkovModel.End)
            .After("No", "<|end|>", MarkovModel.End)
            .After("<|end|>", "<|start|>")
            .After("<|start|>", "assistant")
            .After("assistant", "<|channel|>");
        using LanguageModel loaded = Load(model, thinking: false, budget: 60);

        // Within its thoughts this model may end its turn too; both ways an answer comes.
        Assert.All(Sample(loaded), c => Assert.DoesNotContain("analysis", c.Text, StringComparison.Ordinal));
        Assert.Contains(Sample(loaded), c => c.Text is "Yes" or "No");
    }

    [Fact]
    public void A_marker_in_the_middle_of_an_answer_is_text()
    {
        MarkovModel model = new MarkovModel()
            .After("\n", "Write")
            .After("Write", "<think>")
            .After("<think>", " first")
            .After(" first", MarkovModel.End);
        using LanguageModel loaded = Load(model, thinking: false, budget: 50);

        Assert.Equal(["Write<think> first"], Sample(loaded).Select(c => c.Text));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Thoughts_that_go_on_behind_the_closed_block_are_dropped_too(bool thinking)
    {
        MarkovModel model = new MarkovModel { Template = Switchable }
            .After("\n", " hmm")
            .After("\n\n", " hmm")
            .After(" hmm", " well")
            .After(" well", "</think>")
            .After("</think>", "Yes", "No")
            .After("Yes", MarkovModel.End)
            .After("No", MarkovModel.End);
        using LanguageModel loaded = Load(model, thinking, budget: 0);

        Assert.Equal(["No", "Yes"], Sample(loaded).Select(c => c.Text).Order());
    }

    [Fact]
    public void Thoughts_of_earlier_answers_are_left_out_of_the_prompt()
    {
        using LanguageModel model = Load(Reasoner(Switchable, short.MaxValue), thinking: false, budget: 50);
        List<ChatMessage> With(string answer) => [new("user", "Hello"), new("assistant", answer), new("user", "And now?")];

        Assert.Equal(model.PromptTokens(With("Yes")), model.PromptTokens(With("<think>\nlong thoughts about it\n</think>\n\nYes")));
    }

    [Fact]
    public void Memory_is_set_aside_for_thoughts_only_where_they_come()
    {
        MarkovModel reasoner = Reasoner(Opening, 0);
        string path = reasoner.Write(Path.Combine(_folder, "memory.gguf"));
        ModelInspection Inspect(int budget) => ModelInspection.Of(Models.Options(path) with { ThinkingBudget = budget });

        Assert.True(Inspect(500).Memory.Cache > Inspect(0).Memory.Cache);
        Assert.Contains("500 tokens", Inspect(500).Thinking, StringComparison.Ordinal);
        string plain = Reasoner(MarkovModel.ChatMl, 0).Write(Path.Combine(_folder, "plain.gguf"));
        Assert.Equal(ModelInspection.Of(Models.Options(plain)).Memory, ModelInspection.Of(Models.Options(plain) with { ThinkingBudget = 0 }).Memory);
    }

    [Fact]
    public void At_temperature_0_the_answer_is_the_same_each_time()
    {
        IReadOnlyList<Candidate> Greedy(uint seed) =>
            Models.Demo.Sample(
                Ask,
                [null],
                new SamplingOptions
                {
                    Temperature = 0,
                    MaxTokens = 20,
                    Seed = seed,
                },
                cancellationToken: TestContext.Current.CancellationToken
            );

        Assert.Equal(Assert.Single(Greedy(1)).Text, Assert.Single(Greedy(2)).Text);
    }

    private static IReadOnlyList<ChatMessage> Ask { get; } = [new ChatMessage("user", "Will it rain?")];

    /// <summary>A model that thinks, closes its thoughts one time in the given number (never for 0), and answers.</summary>
    private static MarkovModel Reasoner(string template, int closes)
    {
        MarkovModel model = new MarkovModel { Template = template }
            .After("\n", template == Opening ? Thoughts : ["<think>"])
            .After("<think>", Thoughts);
        foreach (string thought in Thoughts)
            model.After(thought, closes > 0 ? [.. Thoughts, "</think>"] : Thoughts);
        model.After("</think>", "\n\n").After("\n\n", "Yes", "No", "Maybe").After(" please", " please", MarkovModel.End);
        foreach (string answer in new[] { "Yes", "No", "Maybe" })
            model.After(answer, " please", MarkovModel.End);
        return model;
    }

    private static IReadOnlyList<Candidate> Sample(LanguageModel model, int maxTokens = 40) =>
        model.Sample(
            Ask,
            new string?[6],
            new SamplingOptions
            {
                Temperature = 1,
                MinP = 0,
                TopP = 1,
                MaxTokens = maxTokens,
                Seed = 5,
            },
            cancellationToken: TestContext.Current.CancellationToken
        );

    private static float[] Blocks(HiddenBlocks hidden)
    {
        float[] blocks = new float[HiddenBlocks.Count * hidden.Width];
        hidden.CopyTo(blocks);
        return blocks;
    }

    private LanguageModel Load(MarkovModel model, bool thinking, int budget) =>
        LanguageModel.Load(
            Models.Options(model.Write(Path.Combine(_folder, "model.gguf"))) with
            {
                Thinking = thinking,
                ThinkingBudget = budget,
                StyleHints = [],
            },
            TestContext.Current.CancellationToken
        );
}
