using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference.Tests.Reasoning;

/// <summary>
/// What the chat templates of model families say of thinking: the end of the prompt where it is off, where it is on, and before an answer that is
/// read.
/// </summary>
public sealed class ThinkingTemplateTests
{
    private const string History = "{%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}";

    private const string Qwen3 =
        History
        + "{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\\n' }}\n"
        + "    {%- if enable_thinking is defined and enable_thinking is false %}\n        {{- '<think>\\n\\n</think>\\n\\n' }}\n  "
        + "  {%- endif %}\n{%- endif %}";

    private const string Qwen35 =
        History
        + "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
        + "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- else %}{{- "
        + "'<think>\\n' }}{%- endif %}{%- endif %}";

    private const string SmolLm3 =
        "{%- if '/no_think' in system_message -%}{%- endif -%}{%- if add_generation_prompt -%}\n{%- if reasoning_mode == \"/think\" "
        + "-%}\n{{ \"<|im_start|>assistant\\n\" }}\n"
        + "{%- else -%}\n{{ \"<|im_start|>assistant\\n\" + \"<think>\\n\\n</think>\\n\" }}\n{%- endif -%}\n{%- endif -%}";

    private const string Qwq = History + "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n<think>\\n' }}{%- endif %}";
    private const string R1Distill = History + "{% if add_generation_prompt and not ns.is_tool %}{{'<｜Assistant｜><think>\\n'}}{% endif %}";

    private const string DeepSeek31 =
        History
        + "{%- if add_generation_prompt and ns.is_last_user and not ns.is_tool %}{{'<｜Assistant｜>'}}{%- if not thinking "
        + "%}{{'</think>'}}{%- else %}{{'<think>'}}{%- endif %}{% endif %}";

    private const string Glm45 =
        "{%- if '</think>' in content %}{%- endif %}{%- if add_generation_prompt -%}\n    <|assistant|>{{- '\\n<think></think>' if "
        + "(enable_thinking is defined and not enable_thinking) else '' -}}\n{%- endif -%}";

    private const string NemotronNano2 =
        "{%- elif '/no_think' in content -%}{%- if content and '</think>' in content -%}{%- endif -%}{%- if add_generation_prompt "
        + "-%}\n  {{- '<SPECIAL_11>Assistant\n' -}}\n"
        + "  {%- if ns.enable_thinking is defined and ns.enable_thinking is false -%}\n    {{- '<think></think>' -}}\n  {%- else "
        + "-%}\n    {{- '<think>\n\n' -}}\n  {%- endif -%}{%- endif -%}";

    // Its strings hold line breaks, and an expression stands before them.
    private const string NemotronSuper =
        "{%- if '</think>' in message.content -%}{%- endif -%}{%- if add_generation_prompt -%}{{- start_header ~ assistant_token ~ end_header -}}"
        + "{%- if not enable_thinking -%}{{- '<think>\n\n</think>\n\n' -}}{%- endif -%}{%- endif -%}";

    private const string Gemma4 =
        "{%- for part in text.split('<channel|>') -%}{%- endfor -%}{%- if enable_thinking is defined and enable_thinking -%}{{- "
        + "'<|think|>' -}}{%- endif -%}"
        + "{%- if add_generation_prompt -%}{{- '<|turn>model\\n' -}}{%- if not enable_thinking | default(false) -%}{{- "
        + "'<|channel>thought\\n<channel|>' -}}{%- endif -%}{%- endif -%}";

    private const string Lfm25 =
        "{%- if \"</think>\" in content -%}{%- set content = content.split(\"</think>\")[-1] | trim -%}{%- endif -%}{%- if "
        + "add_generation_prompt -%}{{- \"<|im_start|>assistant\\n\" -}}{%- endif -%}";
    private const string Magistral = "{{- '[THINK]' + block['thinking'] + '[/THINK]' }}{%- for message in loop_messages %}{%- endfor %}";
    private const string GptOss =
        "{{- \"<|start|>assistant<|channel|>analysis<|message|>\" + message.thinking + \"<|end|>\" }}{%- if add_generation_prompt "
        + "-%}\n<|start|>assistant\n{%- endif -%}";
    private const string FlagOnly =
        "{%- if 'detailed thinking off' in system %}{% endif %}"
        + History
        + "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
    private const string Llama3 = "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}";

    [Theory]
    [InlineData(Qwen3, "<think>\n\n</think>\n\n", "", "<think>\n\n</think>\n\n")]
    [InlineData(Qwen35, "<think>\n\n</think>\n\n", "<think>\n", "<think>\n\n</think>\n\n")]
    [InlineData(SmolLm3, "<think>\n\n</think>\n", "", "<think>\n\n</think>\n")]
    [InlineData(DeepSeek31, "</think>", "<think>", "</think>")]
    [InlineData(Glm45, "\n<think></think>", "", "\n<think></think>")]
    [InlineData(NemotronNano2, "<think></think>", "<think>\n\n", "<think></think>")]
    [InlineData(NemotronSuper, "<think>\n\n</think>\n\n", "", "<think>\n\n</think>\n\n")]
    [InlineData(Gemma4, "<|channel>thought\n<channel|>", "", "<|channel>thought\n<channel|>")]
    public void A_template_that_can_switch_thinking_off_does(string template, string off, string on, string answer)
    {
        Thinking without = Thinking.Of(template, on: false),
            with = Thinking.Of(template, on: true);

        Assert.Equal((off, answer, true, false), (without.Start, without.AnswerStart, without.IsSwitchable, without.IsOn));
        Assert.Equal((on, answer, true, true), (with.Start, with.AnswerStart, with.IsSwitchable, with.IsOn));
        Assert.Null(without.Flag);
        Assert.Equal(on.Length > 0, with.IsOpened);
        Assert.False(without.IsOpened);
    }

    [Theory]
    [InlineData(Qwq, "<think>\n", "<think>\n\n</think>\n\n")]
    [InlineData(R1Distill, "<think>\n", "<think>\n\n</think>\n\n")]
    [InlineData(Lfm25, "", "<think>\n\n</think>\n\n")]
    [InlineData(Magistral, "", "[THINK][/THINK]")]
    [InlineData(GptOss, "", "<|channel|>final<|message|>")]
    public void Where_a_template_cannot_thoughts_are_expected_either_way(string template, string start, string answer)
    {
        foreach (bool on in new[] { false, true })
        {
            var thinking = Thinking.Of(template, on);
            Assert.Equal((start, answer, false, true), (thinking.Start, thinking.AnswerStart, thinking.IsSwitchable, thinking.IsOn));
            Assert.Equal(start.Length > 0, thinking.IsOpened);
        }
    }

    [Fact]
    public void Flags_go_into_the_system_turn()
    {
        Assert.Equal(
            ("detailed thinking off", "", false),
            (Thinking.Of(FlagOnly, on: false).Flag, Thinking.Of(FlagOnly, on: false).Start, Thinking.Of(FlagOnly, on: false).IsOn)
        );
        Assert.Equal("<|think|>", Thinking.Of(Gemma4, on: true).Flag);
    }

    [Theory]
    [InlineData(Llama3)]
    [InlineData(MarkovModel.ChatMl)]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("{% if add_generation_prompt")]
    [InlineData(
        "{{ 'Write your thoughts between <think></think> and your answer between <response></response>.' }}{% if add_generation_prompt "
            + "%}{{ 'assistant' }}{% endif %}"
    )]
    public void A_template_without_marks_changes_no_prompt(string? template)
    {
        var thinking = Thinking.Of(template, on: false);

        Assert.Equal(("", "", null, false), (thinking.Start, thinking.AnswerStart, thinking.Flag, thinking.IsOn));
    }

    [Fact]
    public void A_template_that_was_cut_off_anywhere_is_read_as_far_as_it_goes()
    {
        foreach (string template in new[] { Qwen3, SmolLm3, Glm45, Gemma4 })
        {
            for (int length = 0; length <= template.Length; length++)
                Assert.DoesNotContain("assistant", Thinking.Of(template[..length], on: true).Start, StringComparison.Ordinal);
        }
    }
}
