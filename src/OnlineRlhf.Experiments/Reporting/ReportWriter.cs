using System.Globalization;
using System.Text;

namespace OnlineRlhf.Experiments.Reporting;

/// <summary>The report as it grows: text and tables in Markdown, plots beside it, and the claims that were checked.</summary>
/// <param name="folder">Where it is written.</param>
/// <param name="suffix">The end of its files' names, so that a report of some parts does not replace the whole one.</param>
internal sealed class ReportWriter(string folder, string suffix)
{
    /// <summary>Begins each line of the report that holds times.</summary>
    internal const string TimeMark = "⏱ ";

    private readonly StringBuilder _text = new();
    private readonly List<(string Claim, string Measured, bool Holds)> _claims = [],
        _findings = [];

    internal bool AllHold => _claims.All(c => c.Holds);

    internal IEnumerable<(string Claim, string Measured, bool Holds)> Claims => _claims;

    /// <summary>What the paper finds, and whether it shows here. Where it does not, the reader should know; this program has not failed.</summary>
    internal IEnumerable<(string Finding, string Measured, bool Shows)> Findings => _findings;

    internal void Heading(string text) => _text.Append("\n## ").Append(text).Append('\n');

    internal void Paragraph(string text) => _text.Append('\n').Append(text).Append('\n');

    internal void Table(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        _text
            .Append("\n| ")
            .AppendJoin(" | ", header)
            .Append(" |\n|")
            .Append(string.Concat(header.Select((_, i) => i == 0 ? "---|" : "---:|")))
            .Append('\n');
        foreach (IReadOnlyList<string> row in rows)
            _text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
    }

    /// <summary>A table of times. No two runs give the same, so that its lines get a mark.</summary>
    internal void Times(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows) =>
        Table([TimeMark + header[0], .. header.Skip(1)], rows.Select(r => (string[])[TimeMark + r[0], .. r.Skip(1)]));

    internal void Picture(Plot plot)
    {
        string file = $"{plot.Name}{suffix}.svg";
        plot.Write(Path.Combine(folder, file));
        _text.Append("\n![").Append(plot.Title).Append("](").Append(file).Append(")\n");
    }

    /// <summary>
    /// A claim, what was measured, and whether the measurement supports the claim. It goes into the text, and into the list at the report's head.
    /// </summary>
    internal void Claim(string claim, string measured, bool holds)
    {
        _claims.Add((claim, measured, holds));
        _text.Append("\n**").Append(holds ? "Holds" : "Does not hold").Append(":** ").Append(claim).Append(" — ").Append(measured).Append('\n');
    }

    /// <summary>A claim that two things are the same: the whole interval of their difference lies within a margin.</summary>
    internal void ClaimSame(string claim, Interval difference, double margin)
    {
        string within = margin.ToString(CultureInfo.InvariantCulture);
        Claim($"{claim}: the difference is within ±{within}", difference.ToString(), difference.Low > -margin && difference.High < margin);
    }

    /// <summary>What the paper finds or leads one to expect, and what is measured here.</summary>
    internal void Finding(string finding, string measured, bool shows)
    {
        _findings.Add((finding, measured, shows));
        _text
            .Append("\n**Expected from the paper, ")
            .Append(shows ? "shows" : "does not show")
            .Append(":** ")
            .Append(finding)
            .Append(" — ")
            .Append(measured)
            .Append('\n');
    }

    /// <summary>Writes the report: the head, the claims and findings, then the parts.</summary>
    internal string Save(string head)
    {
        var whole = new StringBuilder(head);
        if (_claims.Count > 0)
            List(whole, "What was checked", "claim", _claims, "holds", "**does not hold**");
        if (_findings.Count > 0)
            List(whole, "What the paper finds or leads one to expect, beyond the claims above", "finding", _findings, "shows", "**does not show**");
        whole.Append(_text);
        string path = Path.Combine(folder, $"report{suffix}.md");
        File.WriteAllText(path, whole.ToString());
        return path;
    }

    private static void List(
        StringBuilder text,
        string heading,
        string what,
        List<(string Claim, string Measured, bool Holds)> claims,
        string yes,
        string no
    )
    {
        text.Append("\n## ").Append(heading).Append("\n\n| ").Append(what).Append(" | measured | |\n|---|---|---|\n");
        foreach ((string claim, string measured, bool holds) in claims)
            text.Append("| ").Append(claim).Append(" | ").Append(measured).Append(" | ").Append(holds ? yes : no).Append(" |\n");
    }
}
