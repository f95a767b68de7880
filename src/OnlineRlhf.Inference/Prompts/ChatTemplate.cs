using System.Text;
using LLama;
using LLama.Exceptions;
using LLama.Native;

namespace OnlineRlhf.Inference.Prompts;

/// <summary>
/// The model's own chat template, applied by llama.cpp. Contents are inserted after the template was applied. So template and contents are tokenised
/// separately, and only the template's own control tokens count.
/// </summary>
internal sealed class ChatTemplate
{
    // Private-use characters, which no template contains.
    private const char Open = '\uE0F0',
        Close = '\uE0F1';
    private const int LongestConversation = 1024;
    private readonly string? _template;

    /// <summary>Uses the built-in template with this name, or else the model's own, or else llama.cpp's default (ChatML).</summary>
    internal ChatTemplate(SafeLlamaModelHandle model, string? name)
    {
        Own = model.GetTemplate(strict: false);
        _template = name ?? Own;
        if (Apply([("user", "x")]) is null)
            throw new InferenceException(
                InferenceError.Model,
                name is null
                    ? "llama.cpp does not know this model's chat template: "
                        + "name the built-in one that it resembles (--chat-template, such as chatml, llama3, gemma)."
                    : $"llama.cpp has no chat template named \"{name}\": use one of its built-in names, such as chatml, llama3, gemma."
            );
    }

    /// <summary>The text of the model's own template, in Jinja; null if the file has none.</summary>
    internal string? Own { get; }

    /// <summary>The template or its name, as llama.cpp receives it; empty for llama.cpp's default.</summary>
    internal ReadOnlySpan<byte> Bytes => _template is null ? [] : Encoding.UTF8.GetBytes(_template + '\0');

    /// <summary>
    /// The parts of a prompt that ends where the assistant's turn begins: pieces of template text, and between them the indexes of the messages whose
    /// content belongs there.
    /// </summary>
    /// <param name="messages">The conversation.</param>
    internal List<PromptPart> Render(IReadOnlyList<ChatMessage> messages)
    {
        var marked = new (string, string)[messages.Count];
        for (int i = 0; i < marked.Length; i++)
            marked[i] = (messages[i].Role, $"{Open}{i}{Close}");
        string text =
            Apply(marked) ?? throw new InferenceException(InferenceError.Model, "llama.cpp could not apply the chat template to this conversation.");
        List<PromptPart> parts = [];
        for (int at = 0; at < text.Length; )
        {
            int open = text.IndexOf(Open, at);
            if (open < 0)
                open = text.Length;
            if (open > at)
                parts.Add(new PromptPart(text[at..open], null));
            if (open == text.Length)
                break;
            int close = text.IndexOf(Close, open);
            parts.Add(new PromptPart("", int.Parse(text.AsSpan(open + 1, close - open - 1), provider: null)));
            at = close + 1;
        }
        return parts;
    }

    private string? Apply(ReadOnlySpan<(string Role, string Content)> messages)
    {
        if (messages.Length > LongestConversation)
            throw new InferenceException(
                InferenceError.PromptTooLong,
                $"A conversation of {messages.Length} messages is longer than the {LongestConversation} that are served: leave out the oldest."
            );
        var template = new LLamaTemplate(_template) { AddAssistant = true };
        foreach ((string role, string content) in messages)
            template.Add(role, content);
        try
        {
            return Encoding.UTF8.GetString(template.Apply());
        }
        catch (MissingTemplateException)
        {
            return null;
        }
    }
}
