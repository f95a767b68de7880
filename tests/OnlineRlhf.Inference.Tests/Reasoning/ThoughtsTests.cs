using System.Text;
using CsCheck;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Reasoning;

/// <summary>A text without what its writer thought before.</summary>
public sealed class ThoughtsTests
{
    private static readonly string[] Parts = ["<think>", "</think>", "[THINK]", "[/THINK]", "\n", " ", "a", "<|channel|>", "final<|message|>", "<"];

    /// <summary>Texts with the end of thoughts alone, and what is left of them.</summary>
    public static TheoryData<string, string> EndsAlone =>
        new()
        {
            { "hm hm</think>A", "A" },
            { "hm hm.</think> A", "A" },
            { "hm hm </think>A", "A" },
            { "\u3042\u3044\u3002</think>\u3046", "\u3046" },
            { "hm \u2013 hm </think>\n\nA", "A" },
            { "Use </think> now.", "Use </think> now." },
            { "Write `</think>` and go on.", "Write `</think>` and go on." },
            { "Close it with \u201C</think>\u201D. hm</think>A", "A" },
            { "Close it with \u201C</think>\u201D (</think>).", "Close it with \u201C</think>\u201D (</think>)." },
            { "Use <think> and</think>", "Use <think> and</think>" },
        };

    [Theory]
    [InlineData("<think>\nLet me see.\n</think>\n\nYes.", "Yes.")]
    [InlineData("  \n<think></think>Yes.", "Yes.")]
    [InlineData("<think>one</think>\n<think>two</think>\nYes.", "Yes.")]
    [InlineData("[THINK]hm[/THINK]Yes.", "Yes.")]
    [InlineData("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Yes.", "Yes.")]
    [InlineData("<|channel|>final<|message|>Yes.", "Yes.")]
    [InlineData("<|channel|>commentary<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Yes.<|return|>", "Yes.")]
    [InlineData("<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>Yes.<|END_RESPONSE|>", "Yes.")]
    [InlineData("<|channel>thought\nhm<channel|>Yes.", "Yes.")]
    [InlineData("<thought>hm</thought>\n\nYes.", "Yes.")]
    [InlineData("<seed:think>hm</seed:think>Yes.", "Yes.")]
    [InlineData("◁think▷hm◁/think▷Yes.", "Yes.")]
    [InlineData("<|START_THINKING|>hm<|END_THINKING|>Yes.", "Yes.")]
    [InlineData("Let me see.\n</think>\n\nYes.", "Yes.")]
    [InlineData("Let me see.</think>\r\nYes.", "Yes.")]
    [InlineData("<think>It never ends", "")]
    [InlineData("<think>It ends</think>", "")]
    [InlineData("", "")]
    [InlineData("Yes.", "Yes.")]
    [InlineData("  Yes. ", "  Yes. ")]
    [InlineData("Use <think> and </think> around it.", "Use <think> and </think> around it.")]
    [InlineData("Close it with </think> at the end.", "Close it with </think> at the end.")]
    [InlineData("The answer is [THINK] twice.", "The answer is [THINK] twice.")]
    [MemberData(nameof(EndsAlone))]
    [InlineData("Close it with </think>", "Close it with </think>")]
    [InlineData("It ends.</think>", "")]
    public void Only_the_answer_is_left(string text, string answer) => Assert.Equal(answer, Thoughts.Drop(text));

    /// <summary>Where a model's template knows of thoughts, what is sampled is told from them as what a file holds is.</summary>
    [Theory]
    [MemberData(nameof(EndsAlone))]
    public void Token_by_token_an_end_alone_is_told_as_in_a_whole_text(string text, string answer) =>
        MustLeave(answer, text, "{{ message.split('</think>') }}", longest: 6);

    [Fact]
    public void What_was_dropped_once_holds_nothing_to_drop() =>
        Gen.Int[0, 9]
            .Select(i => Parts[i])
            .Array[0, 12]
            .Select(string.Concat)
            .Sample(text => Assert.Equal(Thoughts.Drop(text), Thoughts.Drop(Thoughts.Drop(text))));

    /// <summary>However a tokenizer cuts a text, the filter that sees it token by token leaves what is left of the whole.</summary>
    [Theory]
    [InlineData("<think>\nLet me see.\n</think>\n\nYes.", "Yes.")]
    [InlineData("<think>one</think> <think>two</think>Yes. <think>", "Yes. <think>")]
    [InlineData("[THINK]hm[/THINK]Yes.", "Yes.")]
    [InlineData("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Yes.", "Yes.")]
    [InlineData("◁think▷hm◁/think▷Yes.", "Yes.")]
    [InlineData("<thin ice", "<thin ice")]
    [InlineData("<think>a</think><thin ice", "<thin ice")]
    public void Token_by_token_the_same_is_left(string text, string answer) => MustLeave(answer, text, template: null, longest: 12);

    /// <summary>Cuts the text in many ways, into pieces of up to so many bytes, and lets the filter of a template see them one by one.</summary>
    private static void MustLeave(string answer, string text, string? template, int longest)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var filter = new ThoughtFilter(Thinking.Of(template, on: false));
            List<byte> kept = [];
            for (int at = 0, length; at < bytes.Length; at += length)
            {
                length = Math.Min(1 + random.Next(1 + (seed % longest)), bytes.Length - at);
                if (filter.Take(bytes.AsSpan(at, length)))
                    kept.AddRange(bytes.AsSpan(at, length));
                else
                    kept = [.. filter.Rest];
            }
            Assert.Equal(answer, Encoding.UTF8.GetString([.. kept]).Trim());
        }
    }
}
