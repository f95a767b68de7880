using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace OnlineRlhf.Experiments.Reporting;

/// <summary>Lines with their 95 % intervals, as an SVG file.</summary>
internal sealed class Plot
{
    private const double Width = 860,
        Height = 440;

    // Okabe and Ito's colours: people who do not see red or green can tell them apart.
    private static readonly OxyColor[] Colours =
    [
        OxyColor.FromRgb(0, 114, 178),
        OxyColor.FromRgb(213, 94, 0),
        OxyColor.FromRgb(0, 158, 115),
        OxyColor.FromRgb(204, 121, 167),
        OxyColor.FromRgb(230, 159, 0),
        OxyColor.FromRgb(86, 180, 233),
        OxyColor.FromRgb(120, 60, 20),
        OxyColor.FromRgb(51, 34, 136),
    ];

    private static readonly OxyColor Reference = OxyColor.FromRgb(110, 110, 110);

    private readonly PlotModel _model;

    internal Plot(string name, string title, string x, string y, bool logX = false, bool logY = false)
    {
        Name = name;
        Title = title;
        _model = new PlotModel
        {
            Title = title,
            TitleFontSize = 13,
            TitleFontWeight = 400,
            TitlePadding = 10,
            DefaultFont = "sans-serif",
            Background = OxyColors.White,
        };
        _model.Axes.Add(Axis(AxisPosition.Bottom, x, logX));
        _model.Axes.Add(Axis(AxisPosition.Left, y, logY));
        _model.Legends.Add(
            new Legend
            {
                LegendPosition = LegendPosition.RightTop,
                LegendPlacement = LegendPlacement.Outside,
                LegendFontSize = 11,
                LegendLineSpacing = 4,
                LegendItemOrder = LegendItemOrder.Reverse,
            }
        );
    }

    /// <summary>Its file's name, without an ending.</summary>
    internal string Name { get; }

    internal string Title { get; }

    /// <summary>The largest y that the plot shows; a reference line may go beyond it.</summary>
    internal double Highest
    {
        init => _model.Axes[1].Maximum = value;
    }

    /// <summary>Adds a line; margins of NaN are not drawn.</summary>
    internal Plot Line(string name, IEnumerable<(double X, Interval Y)> points, bool dashed = false)
    {
        OxyColor colour = dashed
            ? Reference
            : Colours[_model.Series.Count(s => s is LineSeries { RenderInLegend: true, LineStyle: LineStyle.Solid }) % Colours.Length];
        var line = new LineSeries
        {
            Title = name,
            Color = colour,
            StrokeThickness = 1.8,
            MarkerType = dashed ? MarkerType.None : MarkerType.Circle,
            MarkerSize = 3,
            MarkerFill = colour,
            LineStyle = dashed ? LineStyle.Dash : LineStyle.Solid,
        };
        var band = new AreaSeries
        {
            Color = OxyColors.Transparent,
            Color2 = OxyColors.Transparent,
            Fill = OxyColor.FromAColor(40, colour),
            RenderInLegend = false,
        };
        foreach ((double x, Interval y) in points)
        {
            line.Points.Add(new DataPoint(x, y.Mean));
            if (!double.IsFinite(y.Margin))
                continue;
            band.Points.Add(new DataPoint(x, y.High));
            band.Points2.Add(new DataPoint(x, y.Low));
        }
        // The line that was added first lies on top.
        _model.Series.Insert(0, line);
        if (band.Points.Count > 1)
            _model.Series.Insert(0, band);
        return this;
    }

    internal void Write(string path)
    {
        using FileStream file = File.Create(path);
        // The exporter would name text baselines that not every viewer knows.
        new SvgExporter
        {
            Width = Width,
            Height = Height,
            UseVerticalTextAlignmentWorkaround = true,
            TextMeasurer = new WideText(),
        }.Export(_model, file);
    }

    private static Axis Axis(AxisPosition position, string title, bool logarithmic)
    {
        Axis axis = logarithmic ? new LogarithmicAxis() : new LinearAxis();
        axis.Position = position;
        axis.Title = title;
        axis.AxisTitleDistance = 14;
        axis.MajorGridlineStyle = LineStyle.Solid;
        axis.MajorGridlineColor = OxyColor.FromRgb(230, 230, 230);
        return axis;
    }

    /// <summary>Leaves room for the widest font that a viewer may have for sans-serif: the exporter measures a narrow one.</summary>
    private sealed class WideText() : PdfRenderContext(Width, Height, OxyColors.White)
    {
        private const double Wider = 1.6;

        public override OxySize MeasureText(string text, string fontFamily, double fontSize, double fontWeight)
        {
            OxySize size = base.MeasureText(text, fontFamily, fontSize, fontWeight);
            return new OxySize(size.Width * Wider, size.Height * Wider);
        }
    }
}
