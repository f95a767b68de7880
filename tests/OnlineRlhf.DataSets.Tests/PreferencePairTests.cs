using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using OnlineRlhf.DataSets;

namespace OnlineRlhf.DataSets.Tests;

public sealed class PreferencePairTests
{
    [Theory]
    [InlineData("""{"prompt": "How?", "chosen": "So.", "rejected": "Thus."}""", "user: How? | So. | Thus.")]
    [InlineData("""{"id": 7, "score_chosen": 8.5, "prompt": " How? ", "chosen": " So.\n", "rejected": "Thus."}""", "user: How? | So. | Thus.")]
    [InlineData(
        """{"prompt": null, "chosen": "\n\nHuman: How?\n\nAssistant: So.", "rejected": "\n\nHuman: How?\n\nAssistant: Thus."}""",
        "user: How? | So. | Thus."
    )]
    [InlineData(
        """{"chosen": "\n\nHuman: How?\n\nAssistant: What?\n\nHuman: That.\n\nAssistant: So.\n\nSo.", "rejected": "\n\nHuman: """
            + """How?\n\nAssistant: What?\n\nHuman: That.\n\nAssistant: Thus."}""",
        "user: How? assistant: What? user: That. | So.\n\nSo. | Thus."
    )]
    [InlineData(
        """{"chosen": "\n\nHuman: How?\n\nAssistant: So.\n\nAssistant: Yes.", "rejected": "\n\nHuman: How?\n\nAssistant: Thus."}""",
        "user: How? | So.\n\nYes. | Thus."
    )]
    [InlineData("""{"prompt": "\n\nHuman: How?\n\nAssistant:", "chosen": " So.", "rejected": " Thus."}""", "user: How? | So. | Thus.")]
    [InlineData(
        """{"prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How?"}], "chosen": ["""
            + """{"role": "assistant", "content": "So."}], "rejected": [{"role": "assistant", "content": "Thus."}]}""",
        "system: Be brief. user: How? | So. | Thus."
    )]
    [InlineData("""{"prompt": [{"role": "user", "content": "How?"}], "chosen": "So.", "rejected": "Thus."}""", "user: How? | So. | Thus.")]
    [InlineData(
        """{"prompt": "How?", "chosen": [{"role": "user", "content": "How?"}, {"role": "assistant", "content": "So."}], "rejected": ["""
            + """{"role": "user", "content": "How?"}, {"role": "assistant", "content": "Thus."}]}""",
        "user: How? | So. | Thus."
    )]
    [InlineData(
        """{"chosen": [{"role": "user", "content": "How?"}, {"role": "assistant", "content": "So."}], "rejected": ["""
            + """{"role": "user", "content": "How?"}, {"role": "assistant", "content": "Thus."}]}""",
        "user: How? | So. | Thus."
    )]
    public void The_usual_shapes_are_understood(string line, string expected) => Assert.Equal(expected, Describe(Parse(line)));

    [Theory]
    [InlineData("""{"prompt": [@user How?@], "chosen": [@user How?@, @assistant So.@], "rejected": [@user How?@, @assistant Thus.@]}""")]
    [InlineData("""{"prompt": "", "chosen": [@user How?@, @assistant So.@], "rejected": [@user How?@, @assistant Thus.@]}""")]
    [InlineData("""{"prompt": "How?", "chosen": @assistant So.@, "rejected": @Assistant Thus.@}""")]
    [InlineData("""{"prompt": "Human: How?\n\nAssistant:", "chosen": " So.", "rejected": " Thus."}""")]
    [InlineData("""{"prompt": "How?\n\nAssistant:", "chosen": " So.", "rejected": " Thus."}""")]
    [InlineData("""{"prompt": "Human: How?\r\nAssistant:", "chosen": " So.", "rejected": " Thus."}""")]
    [InlineData("""{"prompt": "Human: How?", "chosen": "Assistant: So.", "rejected": "Assistant: Thus."}""")]
    [InlineData("""{"prompt": "How?", "chosen": "\n\nAssistant: So.", "rejected": "\n\nAssistant: Thus."}""")]
    [InlineData("""{"prompt": "How?", "chosen": [@assistant Assistant: So.@], "rejected": [@assistant Thus.</s>@]}""")]
    [InlineData("""{"prompt": "USER: How? ASSISTANT:", "chosen": "So.</s>", "rejected": "Thus.</s>"}""")]
    [InlineData("""{"prompt": "### Instruction:\nHow?\n\n### Response:\n", "chosen": "So.", "rejected": "Thus."}""")]
    [InlineData(
        """{"conversations": [{"from": "human", "value": "How?"}], "chosen": {"from": "gpt", "value": "So."}, "rejected": """
            + """{"from": "gpt", "value": "Thus."}}"""
    )]
    [InlineData("""{"messages": [@user How?@], "chosen": "So.", "rejected": "Thus."}""")]
    [InlineData("""{"messages": [@user How?@, @assistant So.@], "chosen": "So.", "rejected": "Thus."}""")]
    [InlineData("""{"question": "How?", "chosen": "So.", "rejected": "Thus."}""")]
    [InlineData("""{"instruction": "How?", "input": "", "chosen": "So.", "rejected": "Thus."}""")]
    [InlineData("""{"instruction": "How?", "input": "", "output": ["So.", "Thus."]}""")]
    [InlineData("""{"conversation_a": [@user How?@, @assistant So.@], "conversation_b": [@user How?@, @assistant Thus.@], "winner": "model_a"}""")]
    [InlineData("""{"conversation_a": [@user How?@, @assistant Thus.@], "conversation_b": [@user How?@, @assistant So.@], "winner": "model_b"}""")]
    [InlineData(
        """{"input": {"messages": [@user How?@], "tools": []}, "preferred_output": [@assistant So.@], "non_preferred_output": [@assistant Thus.@]}"""
    )]
    [InlineData(
        """{"prompt": [{"role": "user", "content": [{"type": "text", "text": "How?"}]}], "chosen": "So.", "rejected": ["""
            + """{"role": "assistant", "content": [{"type": "text", "text": "Thus."}]}]}"""
    )]
    [InlineData("""{"prompt": "[{\"role\": \"user\", \"content\": \"How?\"}]", "chosen": "So.", "rejected": "Thus."}""")]
    [InlineData(
        """{"prompt": "<|im_start|>user\nHow?<|im_end|>\n<|im_start|>assistant\n", "chosen": "So.<|im_end|>","""
            + """ "rejected": "<|im_start|>assistant\nThus.<|im_end|>\n"}"""
    )]
    [InlineData(
        """{"prompt": "<s>[INST] How? [/INST]", "chosen": "<s>[INST] How? [/INST] So.</s>", "rejected": "<s>[INST] How? [/INST] Thus.</s>"}"""
    )]
    [InlineData(
        """{"prompt": "<bos><start_of_turn>user\nHow?<end_of_turn>\n<start_of_turn>model\n", "chosen": "So.<end_of_turn>","""
            + """ "rejected": "Thus.<eos>"}"""
    )]
    [InlineData("""{"prompt": "<|user|>\nHow?<|end|>\n<|assistant|>\n", "chosen": "So.<|end|>", "rejected": "Thus.<|endoftext|>"}""")]
    [InlineData(
        """{"prompt": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHow?<|eot_id|>"""
            + """<|start_header_id|>assistant<|end_header_id|>\n\n","""
            + """ "chosen": "So.<|eot_id|>","""
            + """ "rejected": "Thus."}"""
    )]
    [InlineData(
        """{"prompt": "How?", "chosen": "So.", "rejected": "Thus.", "margin": NaN, "scores": [-Infinity, 1, Infinity], "note": "NaN \" NaN"}"""
    )]
    [InlineData("""{"prompt": NaN, "chosen": "\n\nHuman: How?\n\nAssistant: So.", "rejected": "\n\nHuman: How?\n\nAssistant: Thus."}""")]
    [InlineData("""{"prompt": "How?", "chosen": "So.", "rejected": "Thus.", "tags": [1, 2,],}""")]
    [InlineData("""{"prompt": "How?", "chosen": "So.", "rejected": "Thus.", "id": 1, "id": 2}""")]
    [InlineData("""{"prompt": "How?", "system": " ", "history": [], "images": [], "tools": "[]", "chosen": "So.", "rejected": "Thus."}""")]
    [InlineData("""{"prompt": [@user \n\nHuman: How?\n\nAssistant:@], "chosen": "So.", "rejected": "Thus."}""")]
    [InlineData("""{"prompt": "How?", "chosen": [@user Human: How?\nAssistant:@, @assistant So.@], "rejected": [@user How?@, @assistant Thus.@]}""")]
    [InlineData("""{"prompt": "How?", "messages": [@user How?@, @assistant Hm.@], "chosen": "So.", "rejected": "Thus."}""")]
    [InlineData("""{"prompt": "How?", "instruction": "How?", "question": "How?", "chosen": "So.", "rejected": "Thus."}""")]
    [InlineData("""{"Prompt": "How?", "Chosen": "So.", "Rejected": "Thus."}""")]
    [InlineData("""{"prompt": "<bos><|turn>user\nHow?<turn|>\n<|turn>model\n", "chosen": "So.<turn|>", "rejected": "Thus."}""")]
    [InlineData("""{"prompt": "[|user|]How?\n[|assistant|]", "chosen": "So.[|endofturn|]", "rejected": "Thus.[|endofturn|]"}""")]
    [InlineData("""{"prompt": "]~!b[]~b]user\nHow?[e~[\n]~b]ai\n", "chosen": "So.[e~[", "rejected": "Thus."}""")]
    [InlineData("""{"prompt": "<seed:bos>user\nHow?<seed:eos><seed:bos>assistant\n", "chosen": "So.<seed:eos>", "rejected": "Thus."}""")]
    [InlineData("""{"prompt": "HUMAN: How?\n\nASSISTANT:", "chosen": "So.", "rejected": "Thus."}""")]
    [InlineData("""{"prompt": "human: How?", "chosen": "assistant: So.", "rejected": "AI: Thus."}""")]
    [InlineData("""{"prompt": "Human: How?\nAI:", "chosen": "So.", "rejected": "Thus."}""")]
    [InlineData(
        """{"prompt": "<|im_start|>user\nHow?<|im_end|>\n<|im_start|>assistant\n<think>\n", "chosen": "hm\n</think>\n\nSo.<|im_end|>","""
            + """ "rejected": "hm</think>Thus."}"""
    )]
    [InlineData("""{"prompt": "How?", "chosen": [@assistant hm hm</think>So.@], "rejected": "hm.</think>Thus."}""")]
    [InlineData("""{"prompt": "User: How?\nBot:", "chosen": "So.", "rejected": "Thus."}""")]
    [InlineData("""{"prompt": "### User:\nHow?\n\n### Assistant:\n", "chosen": "So.", "rejected": "Thus."}""")]
    [InlineData("""{"prompt": "How?\nAssistant:", "chosen": "So.", "rejected": "Thus."}""")]
    public void One_comparison_is_the_same_in_every_shape(string line) => Assert.Equal("user: How? | So. | Thus.", Describe(Parse(Messages(line))));

    [Theory]
    [InlineData("""{"system": "Be brief.", "prompt": "How?", "chosen": "So.", "rejected": "Thus."}""", "system: Be brief. user: How?")]
    [InlineData(
        """{"system": "Be brief.", "prompt": [@system Be brief.@, @user How?@], "chosen": "So.", "rejected": "Thus."}""",
        "system: Be brief. user: How?"
    )]
    [InlineData(
        """{"prompt": [@system Be brief.@, @user How?@], "chosen": [@user How?@, @assistant So.@], "rejected": [@user How?@, @assistant Thus.@]}""",
        "system: Be brief. user: How?"
    )]
    [InlineData("""{"prompt": "Be brief.\n\nHuman: How?\n\nAssistant:", "chosen": "So.", "rejected": "Thus."}""", "system: Be brief. user: How?")]
    [InlineData(
        """{"prompt": "[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHow? [/INST]", "chosen": "So.", "rejected": "Thus."}""",
        "system: Be brief. user: How?"
    )]
    [InlineData(
        """{"prompt": [@user Hm.@, @assistant What?@, @user How?@], "chosen": [@assistant So.@], "rejected": [@assistant Thus.@]}""",
        "user: Hm. assistant: What? user: How?"
    )]
    [InlineData(
        """{"prompt": [@user Hm.@, @assistant What?@], "chosen": [@user How?@, @assistant So.@], "rejected": [@user How?@, @assistant Thus.@]}""",
        "user: Hm. assistant: What? user: How?"
    )]
    [InlineData(
        """{"prompt": [@user Hm.@, @assistant What?@, @user How?@], "chosen": [@user How?@, @assistant So.@], "rejected": [@user """
            + """How?@, @assistant Thus.@]}""",
        "user: Hm. assistant: What? user: How?"
    )]
    [InlineData("""{"instruction": "How?", "history": [["Hm.", "What?"]], "output": ["So.", "Thus."]}""", "user: Hm. assistant: What? user: How?")]
    [InlineData("""{"instruction": "How?", "input": "Rice.", "output": ["So.", "Thus."]}""", "user: How?\nRice.")]
    [InlineData(
        """{"prompt": "Sum this up:\n\nHuman: Hm.\n\nAssistant: What?\n\nThanks.", "chosen": "So.", "rejected": "Thus."}""",
        "user: Sum this up:\n\nHuman: Hm.\n\nAssistant: What?\n\nThanks."
    )]
    [InlineData(
        """{"prompt": [@user How?@], "history": [["Hm.", "What?"]], "chosen": "So.", "rejected": "Thus."}""",
        "user: Hm. assistant: What? user: How?"
    )]
    [InlineData(
        """{"prompt": [@system Be brief.@, @user How?@], "history": [@user Hm.@, @assistant What?@], "chosen": "So.", "rejected": "Thus."}""",
        "system: Be brief. user: Hm. assistant: What? user: How?"
    )]
    [InlineData(
        """{"history": [["Hm.", "What?"]], "chosen": [@user How?@, @assistant So.@], "rejected": [@user How?@, @assistant Thus.@]}""",
        "user: Hm. assistant: What? user: How?"
    )]
    [InlineData(
        """{"prompt": [@user Hm.@, @assistant What?@, @user How?@], "history": [["Hm.", "What?"]], "chosen": "So.", "rejected": "Thus."}""",
        "user: Hm. assistant: What? user: How?"
    )]
    [InlineData("""{"System": "Be brief.", "prompt": "How?", "chosen": "So.", "rejected": "Thus."}""", "system: Be brief. user: How?")]
    [InlineData(
        """{"System Prompt": "Be brief.", "system": "Be brief. ", "prompt": "How?", "chosen": "So.", "rejected": "Thus."}""",
        "system: Be brief. user: How?"
    )]
    [InlineData(
        """{"prompt": "How?", "messages": [@system Be brief.@, @user How?@], "chosen": "So.", "rejected": "Thus."}""",
        "system: Be brief. user: How?"
    )]
    [InlineData("""{"prompt": "Rice.\nHow?", "context": "Rice.", "chosen": "So.", "rejected": "Thus."}""", "user: Rice.\nHow?")]
    [InlineData("""{"prompt": "Be brief.\nHuman: How?\nAssistant:", "chosen": "So.", "rejected": "Thus."}""", "system: Be brief. user: How?")]
    [InlineData(
        """{"prompt": [@user Human: Hm.\n\nAssistant: What?\n\nHuman: How?\n\nAssistant:@], "chosen": "So.", "rejected": "Thus."}""",
        "user: Hm. assistant: What? user: How?"
    )]
    public void The_conversation_is_whole_and_in_order(string line, string expected) =>
        Assert.Equal($"{expected} | So. | Thus.", Describe(Parse(Messages(line))));

    [Theory]
    [InlineData("""{"prompt": "Name a nut.", "chosen": "Hazel.", "rejected": "Nuts are many.", "tie": true}""", true)]
    [InlineData("""{"prompt": "Name a nut.", "chosen": "Hazel.", "rejected": "Nuts are many.", "tie": false}""", false)]
    [InlineData("""{"prompt": "Name a nut.", "chosen": "Hazel.", "rejected": "Nuts are many.", "winner": "tie"}""", true)]
    [InlineData("""{"prompt": "Name a nut.", "preferred_output": "Hazel.", "non_preferred_output": "Nuts are many.", "tie": true}""", true)]
    public void Two_answers_may_be_called_a_tie(string line, bool isTie) => Assert.Equal(isTie, Parse(line).IsTie);

    [Theory]
    [InlineData("<|START_THINKING|>hm<|END_THINKING|>Hazel.")]
    [InlineData("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Hazel.<|return|>")]
    [InlineData("<think>\\nhm\\n</think>\\n\\nHazel.")]
    public void What_was_thought_before_an_answer_is_left_out(string answer) =>
        Assert.Equal("Hazel.", Parse($$"""{"prompt": "Name a nut.", "chosen": "{{answer}}", "rejected": "Nuts are many."}""").Chosen);

    [Theory]
    [InlineData("tie")]
    [InlineData("tie (bothbad)")]
    [InlineData("both_bad")]
    public void A_tie_is_told_as_one(string winner)
    {
        PreferencePair pair = Parse(
            Messages(
                $$"""{"conversation_a": [@user How?@, @assistant So.@], "conversation_b": [@user How?@, @assistant Thus.@], "winner": "{{winner}}"}"""
            )
        );

        Assert.Equal((true, "user: How? | So. | Thus."), (pair.IsTie, Describe(pair)));
    }

    [Theory]
    [InlineData("""{"prompt": "zebrafinch", """, "not valid JSON")]
    [InlineData("zebrafinch", "not valid JSON")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": "zebrafinch", "rejected": "\ud800"}""", "not valid Unicode")]
    [InlineData("""["zebrafinch"]""", "no JSON object")]
    [InlineData("""{"prompt": "zebrafinch", "rejected": "zebrafinch"}""", "no chosen")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": "zebrafinch"}""", "no rejected")]
    [InlineData("""{"chosen": "zebrafinch", "rejected": "other"}""", "no prompt")]
    [InlineData("""{"prompt": 7, "chosen": "zebrafinch", "rejected": "other"}""", "prompt is neither")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": {}, "rejected": "other"}""", "chosen is neither")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": [], "rejected": "other"}""", "chosen is empty")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": [{"role": "user", "content": "zebrafinch"}], "rejected": "other"}""", "chosen does not end")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": ["zebrafinch"], "rejected": "other"}""", "chosen holds a message without a role")]
    [InlineData(
        """{"prompt": [{"role": "user", "content": [{"type": "text"}]}], "chosen": "zebrafinch", "rejected": "other"}""",
        "prompt holds a message without a content"
    )]
    [InlineData("""{"chosen": "\n\nHuman: zebrafinch", "rejected": "\n\nHuman: zebrafinch\n\nAssistant: other"}""", "chosen does not end")]
    [InlineData("""{"chosen": "\n\nHuman: zebrafinch\n\nAssistant: a", "rejected": "\n\nHuman: other\n\nAssistant: b"}""", "same conversation")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": "zebrafinch", "rejected": "other", "chosen": "zebrafinch"}""", "chosen more than once")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": "zebrafinch", "rejected": null}""", "rejected is empty")]
    [InlineData("""{"prompt": "zebrafinch", "completion": "zebrafinch", "label": true}""", "needs two answers")]
    [InlineData("""{"prompt": "", "chosen": "zebrafinch", "rejected": "other"}""", "no prompt")]
    [InlineData("""{"prompt": [@user zebrafinch@], "chosen": [@user other@, @assistant a@], "rejected": [@user other@, @assistant b@]}""", "differ")]
    [InlineData("""{"system": "zebrafinch", "prompt": [@system other@, @user c@], "chosen": "a", "rejected": "b"}""", "two different instructions")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": "a\n\nHuman: zebrafinch\n\nAssistant: c", "rejected": "b"}""", "goes on with other turns")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": [@assistant a\n\nHuman: zebrafinch@], "rejected": "b"}""", "goes on with other turns")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": "a <|im_end|> zebrafinch", "rejected": "b"}""", "marks of a chat template")]
    [InlineData("""{"prompt": "zebrafinch [/INST]", "chosen": "a", "rejected": "b"}""", "marks of a chat template")]
    [InlineData("""{"prompt": "<|start|>user<|message|>zebrafinch<|end|>", "chosen": "a", "rejected": "b"}""", "marks of a chat template")]
    [InlineData("""{"prompt": [@tool zebrafinch@, @user c@], "chosen": "a", "rejected": "b"}""", "neither system, user nor assistant")]
    [InlineData("""{"prompt": "zebrafinch", "tools": [{"name": "zebrafinch"}], "chosen": "a", "rejected": "b"}""", "has tools")]
    [InlineData("""{"prompt": "zebrafinch", "images": ["zebrafinch.png"], "chosen": "a", "rejected": "b"}""", "has images")]
    [InlineData("""{"question": "zebrafinch", "context": "other", "chosen": "a", "rejected": "b"}""", "has context beside its question")]
    [InlineData("""{"prompt": "zebrafinch", "history": "zebrafinch", "chosen": "a", "rejected": "b"}""", "history is no list")]
    [InlineData("""{"instruction": "zebrafinch", "output": ["a", "b", "c"]}""", "two texts, the better one first")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": "a", "rejected": ["b", "c"]}""", "rejected holds a message without a role")]
    [InlineData(
        """{"prompt": "zebrafinch", "chosen": "[{'role': 'assistant', 'content': 'zebrafinch'}]", "rejected": "b"}""",
        "saved as a text which is no JSON"
    )]
    [InlineData(
        """{"conversation_a": [@user c@, @assistant a@], "conversation_b": [@user c@, @assistant b@], "winner": "zebrafinch"}""",
        "winner is none of"
    )]
    [InlineData(
        """{"conversation_a": [@user c@, @assistant a@], "conversation_b": [@user d@, @assistant b@], "winner": "tie"}""",
        "same conversation"
    )]
    [InlineData("""{"prompt": "c", "chosen": "a\nHuman: zebrafinch\nAssistant: no", "rejected": "b"}""", "chosen goes on with other turns")]
    [InlineData("""{"prompt": "c", "chosen": "a\nUSER: zebrafinch\nASSISTANT: no", "rejected": "b"}""", "chosen goes on with other turns")]
    [InlineData("""{"prompt": "c", "chosen": "a", "rejected": [@assistant b\nhuman: zebrafinch\nAI: no@]}""", "rejected goes on with other turns")]
    [InlineData(
        """{"chosen": "Human: c\n\nAssistant: a\nHuman: zebrafinch", "rejected": "Human: c\n\nAssistant: b"}""",
        "chosen goes on with other turns"
    )]
    [InlineData(
        """{"prompt": [@user c@, @assistant d\n\nHuman: zebrafinch@, @user e@], "chosen": "a", "rejected": "b"}""",
        "prompt holds a message that goes on"
    )]
    [InlineData(
        """{"prompt": [@user c@, @assistant d@, @user e@], "history": [["zebrafinch", "other"]], "chosen": "a", "rejected": "b"}""",
        "history beside a conversation"
    )]
    [InlineData(
        """{"system": "zebrafinch", "system_prompt": "other", "prompt": "c", "chosen": "a", "rejected": "b"}""",
        "two different instructions"
    )]
    [InlineData("""{"SYSTEM": "zebrafinch", "prompt": [@system other@, @user c@], "chosen": "a", "rejected": "b"}""", "two different instructions")]
    [InlineData("""{"prompt": "c", "input": "zebrafinch", "chosen": "a", "rejected": "b"}""", "has input beside its prompt")]
    [InlineData("""{"prompt": "c", "Context": "zebrafinch", "chosen": "a", "rejected": "b"}""", "has context beside its prompt")]
    [InlineData("""{"prompt": [@user c@], "context": ["zebrafinch"], "chosen": "a", "rejected": "b"}""", "has context beside its prompt")]
    [InlineData(
        """{"context": "zebrafinch", "chosen": [@user c@, @assistant a@], "rejected": [@user c@, @assistant b@]}""",
        "has context beside its conversation"
    )]
    [InlineData("""{"prompt": "c", "passage": "zebrafinch", "chosen": "a", "rejected": "b"}""", "has passage beside its prompt")]
    [InlineData("""{"instruction": "zebrafinch", "question": "c", "chosen": "a", "rejected": "b"}""", "has instruction beside its question")]
    [InlineData("""{"instruction": "Human: c", "input": "zebrafinch", "chosen": "a", "rejected": "b"}""", "has input beside its instruction")]
    [InlineData("""{"prompt": "c", "messages": [@user zebrafinch@], "chosen": "a", "rejected": "b"}""", "prompt and messages differ")]
    [InlineData("""{"prompt": "c", "chosen": "a <turn|> zebrafinch", "rejected": "b"}""", "marks of a chat template")]
    [InlineData("""{"prompt": "c", "chosen": "a [|user|] zebrafinch", "rejected": "b"}""", "marks of a chat template")]
    [InlineData("""{"prompt": "c", "chosen": "a ]~b]user\nzebrafinch", "rejected": "b"}""", "marks of a chat template")]
    [InlineData(
        """{"prompt": "c", "chosen": [{"role": "assistant", "content": "zebrafinch", "tool_calls": [{"id": "1"}]}], "rejected": "b"}""",
        "message in chosen has tool_calls"
    )]
    [InlineData(
        """{"prompt": [{"role": "user", "content": "zebrafinch", "images": ["a.png"]}], "chosen": "a", "rejected": "b"}""",
        "message in prompt has images"
    )]
    public void Others_are_refused_in_words_that_repeat_nothing(string line, string says)
    {
        string reason = Assert.Throws<FormatException>(() => Parse(Messages(line))).Message;

        Assert.Contains(says, reason, StringComparison.Ordinal);
        Assert.DoesNotContain("zebrafinch", reason, StringComparison.Ordinal);
    }

    private static string Describe(PreferencePair pair) =>
        $"{string.Join(' ', pair.Messages.Select(m => $"{m.Role}: {m.Content}"))} | {pair.Chosen} | {pair.Rejected}";

    /// <summary>@user How?@ is a message.</summary>
    private static string Messages(string line) => Regex.Replace(line, "@(\\w+) (.*?)@", """{"role": "$1", "content": "$2"}""");

    private static PreferencePair Parse(string line) =>
        PreferencePair.Parse(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(line)), new Thumbs(), 1);
}
