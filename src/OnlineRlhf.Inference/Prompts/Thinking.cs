using System.Text;

namespace OnlineRlhf.Inference.Prompts;

/// <summary>
/// Whether a model thinks before it answers, and how the prompt turns that off or on. This class searches the text of the model's chat template for
/// marks, because the program has no engine for Jinja templates.
/// </summary>
internal sealed class Thinking
{
    private const string Generation = "add_generation_prompt";

    // Tokens for the text that closes thoughts which the model did not close itself.
    private const int CutTokens = 16;

    // A template that cannot write an empty block of thoughts may look for one of these flags in the system turn.
    private static readonly string[] OffFlags = ["/no_think", "/nothink", "detailed thinking off"];
    private static readonly string[] OnFlags = ["<|think|>", "detailed thinking on"];

    private Thinking(ThoughtFormat? format, bool isOn, bool isSwitchable)
    {
        Format = format;
        IsOn = isOn;
        IsSwitchable = isSwitchable;
    }

    /// <summary>How the model marks its thoughts, according to its template; null if the template does not mention thoughts.</summary>
    internal ThoughtFormat? Format { get; }

    /// <summary>Whether the model is expected to think before an answer.</summary>
    internal bool IsOn { get; }

    /// <summary>Whether the template can turn thoughts off.</summary>
    internal bool IsSwitchable { get; }

    /// <summary>The end of the prompt, after the beginning of the assistant's turn.</summary>
    internal string Start { get; private init; } = "";

    /// <summary>The end of the prompt if an answer without thoughts follows.</summary>
    internal string AnswerStart { get; private init; } = "";

    /// <summary>The text that the system turn begins with; null for none.</summary>
    internal string? Flag { get; private init; }

    /// <summary>Whether the prompt itself opens the block of thoughts.</summary>
    internal bool IsOpened =>
        Format is not null && Start.Contains(Format.Open, StringComparison.Ordinal) && !Start.Contains(Format.Close, StringComparison.Ordinal);

    /// <summary>Reads a model's template. The template is null if the model has none.</summary>
    internal static Thinking Of(string? template, bool on)
    {
        if (template is null)
            return new Thinking(null, on, isSwitchable: false);
        List<string> ends = Literals(Tail(template));
        foreach (ThoughtFormat format in ThoughtFormat.All)
        {
            ILookup<bool, string> marked = ends.Select(e => Marked(e, format))
                .OfType<string>()
                .ToLookup(e => e.Contains(format.Close, StringComparison.Ordinal));
            string? closed = marked[true].FirstOrDefault(),
                opened = marked[false].FirstOrDefault();
            if (closed is null && opened is null && !Handles(template, format))
                continue;
            string? off = closed is null ? OffFlags.FirstOrDefault(f => template.Contains(f, StringComparison.Ordinal)) : null;
            bool isSwitchable = closed is not null || off is not null,
                isOn = on || !isSwitchable;
            string start = isOn ? opened ?? "" : closed ?? "";
            return new Thinking(format, isOn, isSwitchable)
            {
                Start = start,
                AnswerStart =
                    closed
                    ?? (
                        !isOn ? ""
                        : opened is null ? format.Empty
                        : opened + format.Cut
                    ),
                Flag = isOn ? OnFlags.FirstOrDefault(f => Quotes(template, f)) : off,
            };
        }
        return new Thinking(null, on, isSwitchable: false);
    }

    /// <summary>How many tokens are reserved before each answer: for thoughts, and for the text that closes them.</summary>
    internal int Reserve(int budget) => IsOn ? budget + CutTokens : 0;

    /// <summary>What the program does about thoughts, for people.</summary>
    /// <param name="budget">How many tokens the thoughts may take.</param>
    internal string Describe(int budget) =>
        (Format, IsOn, IsSwitchable) switch
        {
            (null, false, _) => "none: its template knows of no thoughts; where some come all the same, they are dropped",
            (null, true, _) => $"its template knows of no thoughts; where some come, they take up to {budget} tokens and are dropped",
            (_, false, _) => "switched off, as its template can; set thinking to on to have it think before it answers",
            (_, true, _) when budget == 0 => "the budget of 0 ends its thoughts at once: it answers without",
            (_, true, true) => $"on: it thinks for up to {budget} tokens before it answers; thoughts are neither shown nor learned",
            (_, true, false) => "its template cannot switch thinking off: "
                + $"it thinks for up to {budget} tokens before it answers; thoughts are neither shown nor learned",
        };

    /// <summary>Whether a template handles thoughts in earlier turns, or writes them.</summary>
    private static bool Handles(string template, ThoughtFormat format) =>
        Quotes(template, format.Close) || template.Contains("<|channel|>analysis", StringComparison.Ordinal) && format.Open == "<|channel|>";

    private static bool Quotes(string template, string text) =>
        template.Contains($"'{text}'", StringComparison.Ordinal) || template.Contains($"\"{text}\"", StringComparison.Ordinal);

    /// <summary>What a template's literal writes from its first marker on, and white space before it; null if it contains no marker.</summary>
    private static string? Marked(string literal, ThoughtFormat format)
    {
        int open = literal.IndexOf(format.Open, StringComparison.Ordinal),
            close = literal.IndexOf(format.Close, StringComparison.Ordinal);
        int at = open < 0 ? close : open;
        if (at < 0)
            return null;
        // Text before the marker is the beginning of the turn, which the prompt already has. White space alone belongs to the block.
        return string.IsNullOrWhiteSpace(literal[..at]) ? literal : literal[at..];
    }

    /// <summary>The part of a template that writes the beginning of the answer.</summary>
    private static string Tail(string template)
    {
        int at = template.LastIndexOf(Generation, StringComparison.Ordinal);
        return at < 0 ? "" : template[at..];
    }

    /// <summary>
    /// The texts that a part of a template writes: those outside of its tags, and the string literals in its expressions. Literals that are arguments
    /// are left out.
    /// </summary>
    private static List<string> Literals(string template)
    {
        List<string> literals = [];
        // The part begins inside of a tag, so skip to its end.
        int at = template.IndexOf("%}", StringComparison.Ordinal);
        for (at = at < 0 ? template.Length : at + 2; at < template.Length; )
        {
            int tag = template.IndexOf('{', at);
            while (tag >= 0 && (tag + 1 == template.Length || template[tag + 1] is not ('{' or '%' or '#')))
                tag = template.IndexOf('{', tag + 1);
            string outside = tag < 0 ? template[at..] : template[at..tag];
            if (!string.IsNullOrWhiteSpace(outside))
                literals.Add(outside);
            if (tag < 0)
                break;
            char kind = template[tag + 1];
            at = Close(
                template,
                tag + 2,
                kind == '{' ? "}}"
                    : kind == '%' ? "%}"
                    : "#}",
                kind == '{' ? literals : null
            );
        }
        return literals;
    }

    /// <summary>Goes to the end of a tag, and collects its string literals.</summary>
    private static int Close(string template, int at, string end, List<string>? literals)
    {
        while (at < template.Length && !template.AsSpan(at).StartsWith(end))
        {
            if (template[at] is not ('\'' or '"') || literals is null)
            {
                at++;
                continue;
            }
            bool isArgument = template[..at].TrimEnd() is [.., '(' or '[' or ','];
            char quote = template[at++];
            var text = new StringBuilder();
            for (; at < template.Length && template[at] != quote; at++)
            {
                if (template[at] == '\\' && at + 1 < template.Length)
                    text.Append(
                        template[++at] switch
                        {
                            'n' => '\n',
                            't' => '\t',
                            'r' => '\r',
                            var other => other,
                        }
                    );
                else
                    text.Append(template[at]);
            }
            at++;
            if (!isArgument)
                literals.Add(text.ToString());
        }
        return at + end.Length;
    }
}
