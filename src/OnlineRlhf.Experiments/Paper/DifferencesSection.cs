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
        (Interval fresh, Interval repeating, double avoidable) = DeploymentExperiment.SecondBest(results);
        report.Paragraph($"""
            - **OMD above MLE in the passive setting.** The paper finds one pass above maximum likelihood, most where comparisons are few. Here the difference after 300 is {PassiveExperiment.AgainstRefit(results)}: nothing. The paper's MLE is a neural head trained by gradient descent for a fixed number of epochs;
              this one is at its minimum, from the same λ. Against that there is nothing to be above. What one pass gains is cost, not accuracy.
            - **Exploration above best + second.** Where every request brings new candidates, best + second has {fresh} times the exploration rule's regret: no difference, since its two answers differ in a new direction each time. That explores by itself and costs nothing. Where the same requests come
              again it has {repeating} times as much, {avoidable:F1} times as much of it avoidable: there the paper's ordering shows. After 20 chunks its policy lacks {ChunkExperiment.SecondBest(results)} more than the exploration rule's.
            - **The look-ahead point.** Without it, the served regret is {DeploymentExperiment.WithoutLookAhead(results)} times that with it (‖θ*‖ = 6). The proof needs the curvature at the new θ; on these problems it makes little difference either way. This project keeps it, for the guarantee.
            - **Pessimism.** The pessimistic policy lacks {PassiveExperiment.Pessimism(results)} more than the greedy one after 300 comparisons: on random pairs, which cover all directions alike, there is nothing to be wary of.
            - **√κ.** The bound is for the worst case. On these problems, on average over seeds, the served regret hardly grows with κ at all, for any learner; the slopes above say how much.
            - **Constants.** η = β = 1 and λ = 1 are tuned, as the paper's own experiments are; the constants of its theory (η about 7, λ of order d·η) are more careful. The projection onto a ball is left out.
            """);
    }
}
