using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace OnlineRlhf.Experiments.Reporting;

/// <summary>Lines with their 95 % intervals, as an SVG file.</summary>
internal sealed class Plot
{
    private const double Width = 860, Height = 440;

    // Okabe and Ito's colours: told apart without seeing red or green.
    private static readonly OxyColor[] Colours =
    [
        OxyColor.FromRgb(0, 114, 178), OxyColor.FromRgb(213, 94, 0), OxyColor.FromRgb(0, 158, 115), OxyColor.FromRgb(204, 121, 167),
        OxyColor.FromRgb(230, 159, 0), OxyColor.FromRgb(86, 180, 233), OxyColor.FromRgb(90, 90, 90), OxyColor.FromRgb(120, 60, 20),
    ];

    private readonly PlotModel _model;

    internal Plot(string fileName, string title, string x, string y, bool logX = false, bool logY = false)
    {
        FileName = fileName;
        Title = title;
        _model = new PlotModel { Title = title, TitleFontSize = 13, TitleFontWeight = 400, TitlePadding = 10, DefaultFont = "sans-serif", Background = OxyColors.White };
        _model.Axes.Add(Axis(AxisPosition.Bottom, x, logX));
        _model.Axes.Add(Axis(AxisPosition.Left, y, logY));
        _model.Legends.Add(new Legend { LegendPosition = LegendPosition.RightTop, LegendPlacement = LegendPlacement.Outside, LegendFontSize = 11 });
    }

    internal string FileName { get; }

    internal string Title { get; }

    /// <summary>Adds a line; margins of NaN are not drawn.</summary>
    internal Plot Line(string name, IEnumerable<(double X, Interval Y)> points, bool dashed = false)
    {
        OxyColor colour = Colours[_model.Series.Count(s => s.RenderInLegend) % Colours.Length];
        var line = new LineSeries { Title = name, Color = colour, StrokeThickness = 1.8, MarkerType = dashed ? MarkerType.None : MarkerType.Circle, MarkerSize = 3, MarkerFill = colour, LineStyle = dashed ? LineStyle.Dash : LineStyle.Solid };
        var band = new AreaSeries { Color = OxyColors.Transparent, Color2 = OxyColors.Transparent, Fill = OxyColor.FromAColor(40, colour), RenderInLegend = false };
        foreach ((double x, Interval y) in points)
        {
            line.Points.Add(new DataPoint(x, y.Mean));
            if (!double.IsFinite(y.Margin))
                continue;
            band.Points.Add(new DataPoint(x, y.High));
            band.Points2.Add(new DataPoint(x, y.Low));
        }
        if (band.Points.Count > 1)
            _model.Series.Add(band);
        _model.Series.Add(line);
        return this;
    }

    internal void Write(string folder)
    {
        using FileStream file = File.Create(Path.Combine(folder, FileName));
        // Not every viewer knows the baselines that the exporter would name.
        new SvgExporter { Width = Width, Height = Height, UseVerticalTextAlignmentWorkaround = true }.Export(_model, file);
    }

    private static Axis Axis(AxisPosition position, string title, bool logarithmic)
    {
        Axis axis = logarithmic ? new LogarithmicAxis() : new LinearAxis();
        axis.Position = position;
        axis.Title = title;
        axis.MajorGridlineStyle = LineStyle.Solid;
        axis.MajorGridlineColor = OxyColor.FromRgb(230, 230, 230);
        return axis;
    }
}
