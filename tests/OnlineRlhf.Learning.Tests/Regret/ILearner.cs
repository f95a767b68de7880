namespace OnlineRlhf.Learning.Tests.Regret;

/// <summary>A learner with the exploration rule, as the simulation drives it.</summary>
internal interface ILearner
{
    (int Leader, int Challenger) Select(float[][] arms);

    void Observe(float[] difference, double label);
}
