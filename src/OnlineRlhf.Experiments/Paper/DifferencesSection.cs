using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Reporting;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>Where the paper's ordering does not show here, and why. It computes nothing of its own.</summary>
internal sealed class DifferencesSection : IExperiment
{
    public string Name => "differences";

    public IEnumerable<Cell> Cells() => [];

    public void Write(ResultTable results, ReportWriter report)
    {
        report.Heading("Where the paper's ordering does not show, and why");
        if (!results.HasExperiment("passive") || !results.HasExperiment("deployment, norm 6") || !results.HasExperiment("deployment in chunks"))
        {
            report.Paragraph("Told where the parts deployment, chunks and passive are computed.");
            return;
        }
        (Interval repeating, double avoidable) = DeploymentExperiment.SecondBestOfRepeating(results);
        Interval passive = PassiveExperiment.AgainstRefit(results),
            lookAhead = DeploymentExperiment.WithoutLookAhead(results),
            pessimism = PassiveExperiment.Pessimism(results);
        report.Finding(
            "Passive: one pass is more accurate than maximum likelihood while comparisons are few",
            $"by {passive} after 300",
            passive.Low > 0
        );
        report.Paragraph(
            "The paper's maximum likelihood is a neural head trained by gradient descent for a fixed number of epochs; "
                + "this one is at its minimum, from the same λ. That may be why. What one pass gains here is cost, not accuracy."
        );
        foreach ((double norm, Interval pair, Interval served) in DeploymentExperiment.SecondBest(results))
            report.Finding(
                FormattableString.Invariant(
                    $"The exploration rule's regret is below that of best + second where every request is new (‖θ*‖ = {norm}), by paired seeds"
                ),
                $"best + second has {pair} times its regret, and {served} times its served regret",
                pair.Low > 1
            );
        report.Paragraph(
            "Where every request brings new candidates, the two best differ in a new direction each time, which explores by itself: "
                + "the two rules come near each other, and their intervals, unpaired, overlap. Where the same few requests come again, "
                + $"best + second has {repeating} times the regret, {avoidable:F1} times as much of it avoidable. "
                + $"After 20 chunks its policy lacks {ChunkExperiment.SecondBest(results)} more than the exploration rule's."
        );
        report.Finding(
            "The look-ahead point lowers regret",
            $"without it the served regret is {lookAhead} times that with it (‖θ*‖ = 6)",
            lookAhead.Low > 1
        );
        report.Paragraph("The proof needs the curvature at the new θ. It costs nothing, and is kept.");
        report.Finding("Passive: the pessimistic policy is better than the greedy one", $"it lacks {pessimism} more after 300", pessimism.High < 0);
        report.Paragraph(
            "Random pairs cover all directions alike, which leaves pessimism little to avoid; one β was tried, and no data set with holes."
        );
        report.Paragraph(
            """
            Constants: η = β = 1 and λ = 1 are tuned (the daemon's λ is 3), as the paper's own experiments are; the constants of its theory (η about
            7, λ of order d·η) are more careful, and its projection onto a ball is left out. So the theorem's regret bound is not claimed for what
            runs here.
            """
        );
    }
}
