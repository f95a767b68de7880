using System.Text.RegularExpressions;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.DataSets;

/// <summary>Reads a conversation from one text that a model's chat template has written.</summary>
internal static partial class TemplateText
{
    private const string InstructionOpen = "[INST]",
        InstructionClose = "[/INST]",
        SystemOpen = "<<SYS>>",
        SystemClose = "<</SYS>>";

    // The marker that opens a turn, the text that ends the name of its speaker, and the marker that closes the turn.
    private static readonly (string Open, string AfterRole, string Close)[] Forms =
    [
        ("<|im_start|>", "\n", "<|im_end|>"),
        ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        ("<start_of_turn>", "\n", "<end_of_turn>"),
        ("<|turn>", "\n", "<turn|>"),
        ("]~b]", "\n", "[e~["),
        ("<seed:bos>", "\n", "<seed:eos>"),
        ("[|", "|]", "</s>"),
        ("<|", "|>", "</s>"),
    ];

    // These ends look like the marks that open a turn, so they are listed by their words.
    private static readonly string[] TurnEnds = ["<|end|>", "[|endofturn|]"];
    private static readonly string[] Beginnings = ["<s>", "<bos>", "<|begin_of_text|>", "<|startoftext|>", "]~!b["];
    private static readonly string[] Ends = ["<eos>", "<|end_of_text|>", "<|endoftext|>", .. TurnEnds, .. Forms.Select(f => f.Close)];

    /// <summary>Removes the marks at both ends that only tell a model where the text begins and ends.</summary>
    internal static string Bare(string text)
    {
        string bare = text.Trim();
        while (Array.Find(Beginnings, b => bare.StartsWith(b, StringComparison.Ordinal)) is { } beginning)
            bare = bare[beginning.Length..].TrimStart();
        while (Array.Find(Ends, e => bare.EndsWith(e, StringComparison.Ordinal)) is { } end)
            bare = bare[..^end.Length].TrimEnd();
        return bare;
    }

    /// <summary>Whether a text contains marks of a chat template.</summary>
    internal static bool HasMarks(string text) => Mark().IsMatch(text);

    /// <summary>The turns of a bare text; null if it follows none of the known templates.</summary>
    internal static List<ChatMessage>? Parse(string bare)
    {
        if (bare.StartsWith(InstructionOpen, StringComparison.Ordinal))
            return Instructions(bare);
        foreach ((string open, string afterRole, string close) in Forms)
        {
            if (bare.StartsWith(open, StringComparison.Ordinal))
                return Turns(TurnEnds.Aggregate(bare, (text, end) => text.Replace(end, close, StringComparison.Ordinal)), open, afterRole, close);
        }
        return null;
    }

    private static List<ChatMessage>? Turns(string text, string open, string afterRole, string close)
    {
        List<ChatMessage> turns = [];
        foreach (string part in text[open.Length..].Split(open))
        {
            int role = part.IndexOf(afterRole, StringComparison.Ordinal);
            string said = role < 0 ? "" : part[(role + afterRole.Length)..];
            int end = said.IndexOf(close, StringComparison.Ordinal);
            if (SpeakerRole.Of(role < 0 ? part : part[..role]) is not { } speaker || (end >= 0 && Bare(said[end..]).Length > 0))
                return null;
            turns.Add(new ChatMessage(speaker, (end < 0 ? said : said[..end]).Trim()));
        }
        return turns;
    }

    /// <summary>Reads the form "[INST] user [/INST] assistant". The first user turn may contain the system turn.</summary>
    private static List<ChatMessage>? Instructions(string text)
    {
        List<ChatMessage> turns = [];
        foreach (string part in text[InstructionOpen.Length..].Split(InstructionOpen))
        {
            if (part.Split(InstructionClose) is not [var asked, var answered])
                return null;
            asked = asked.Trim();
            if (asked.StartsWith(SystemOpen, StringComparison.Ordinal) && asked.IndexOf(SystemClose, StringComparison.Ordinal) is > 0 and var end)
            {
                turns.Add(new ChatMessage("system", asked[SystemOpen.Length..end].Trim()));
                asked = asked[(end + SystemClose.Length)..].Trim();
            }
            turns.Add(new ChatMessage("user", asked));
            // The mark that begins the next turn is at the end of this one.
            string answer = Bare(answered);
            turns.Add(new ChatMessage("assistant", answer.EndsWith("<s>", StringComparison.Ordinal) ? Bare(answer[..^"<s>".Length]) : answer));
        }
        return turns;
    }

    [GeneratedRegex(
        @"<\|[A-Za-z_]+\|>|\[/?(INST|SYSTEM_PROMPT|AVAILABLE_TOOLS)\]|<</?SYS>>|<(start|end)_of_turn>|<｜|"
            + @"<\|turn>|<turn\|>|\[\|[A-Za-z_]+\|\]|\]~b\]|\[e~\[|</?seed:[be]os>|<(reserved|extra_id)_\d+>|^### (Instruction|Response):",
        RegexOptions.Multiline
    )]
    private static partial Regex Mark();
}
