namespace OnlineRlhf.Learning.RewardModels;

/// <summary>
/// The derivatives of the Bradley–Terry loss ℓ(m) = −y log σ(m) − (1−y) log(1−σ(m)) at a margin m = zᵀθ.
/// They are exact also where σ rounds to 0 or 1.
/// </summary>
internal static class LogisticLoss
{
    /// <summary>dℓ/dm = σ(m) − y.</summary>
    public static double Slope(double margin, double label)
    {
        double tail = Tail(margin);
        return margin < 0 ? tail - label : 1 - label - tail;
    }

    /// <summary>d²ℓ/dm² = σ(m)(1 − σ(m)), at most ¼.</summary>
    public static double Curvature(double margin)
    {
        double tail = Tail(margin);
        return tail * (1 - tail);
    }

    /// <summary>σ(−|m|). It is the same as 1 − σ(|m|), and keeps its precision where that difference rounds to 0.</summary>
    private static double Tail(double margin)
    {
        double power = Math.Exp(-Math.Abs(margin));
        return power / (1 + power);
    }
}
