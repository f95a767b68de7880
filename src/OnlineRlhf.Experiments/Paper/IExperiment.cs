using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Reporting;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>A part of the report: the cells it needs, and what it makes of their results.</summary>
internal interface IExperiment
{
    string Name { get; }

    IEnumerable<Cell> Cells();

    void Write(ResultTable results, ReportWriter report);
}
