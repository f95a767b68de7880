using System.Text;

namespace OnlineRlhf.Experiments.Reporting;

/// <summary>The report as it grows: text and tables in Markdown, plots beside it, and the claims that were checked.</summary>
internal sealed class ReportWriter(string folder)
{
    /// <summary>Begins each line of the report that holds times.</summary>
    internal const string TimeMark = "⏱ ";

    private readonly StringBuilder _text = new();
    private readonly List<(string Claim, string Measured, bool Holds)> _claims = [];

    internal string Folder => folder;

    internal bool AllHold => _claims.All(c => c.Holds);

    internal IEnumerable<(string Claim, string Measured, bool Holds)> Claims => _claims;

    internal void Heading(string text) => _text.Append("\n## ").Append(text).Append('\n');

    internal void Paragraph(string text) => _text.Append('\n').Append(text).Append('\n');

    internal void Table(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        _text.Append("\n| ").AppendJoin(" | ", header).Append(" |\n|").Append(string.Concat(header.Select((_, i) => i == 0 ? "---|" : "---:|"))).Append('\n');
        foreach (IReadOnlyList<string> row in rows)
            _text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
    }

    /// <summary>A table of times: no two runs give the same, so its lines bear a mark.</summary>
    internal void Times(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows) => Table([TimeMark + header[0], .. header.Skip(1)], rows.Select(r => (string[])[TimeMark + r[0], .. r.Skip(1)]));

    internal void Picture(Plot plot)
    {
        plot.Write(folder);
        _text.Append("\n![").Append(plot.Title).Append("](").Append(plot.FileName).Append(")\n");
    }

    /// <summary>A claim, what was measured, and whether the one supports the other. It stands in the text, and in the list at the report's head.</summary>
    internal void Claim(string claim, string measured, bool holds)
    {
        _claims.Add((claim, measured, holds));
        _text.Append("\n**").Append(holds ? "Holds" : "Does not hold").Append(":** ").Append(claim).Append(" — ").Append(measured).Append('\n');
    }

    /// <summary>Writes report.md: the head, the claims, then the parts.</summary>
    internal void Save(string head)
    {
        var whole = new StringBuilder(head);
        whole.Append("\n## What was checked\n\n| claim | measured | |\n|---|---|---|\n");
        foreach ((string claim, string measured, bool holds) in _claims)
            whole.Append("| ").Append(claim).Append(" | ").Append(measured).Append(" | ").Append(holds ? "holds" : "**does not hold**").Append(" |\n");
        whole.Append(_text);
        File.WriteAllText(Path.Combine(folder, "report.md"), whole.ToString());
    }
}
