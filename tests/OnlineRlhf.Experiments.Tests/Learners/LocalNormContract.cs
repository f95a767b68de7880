namespace OnlineRlhf.Experiments.Tests.Learners;

/// <summary>What every learner keeps that knows its uncertainty.</summary>
public sealed class LocalNormContract
{
    public static TheoryData<string> Learners => AllLearners.WithNorm;

    [Theory]
    [MemberData(nameof(Learners))]
    public void Before_anything_is_learned_it_is_the_length_over_the_root_of_lambda(string learner) =>
        Assert.Equal(5, Norm(AllLearners.Create(learner)).Uncertainty([3, 4, 0]), 1e-12);

    [Theory]
    [MemberData(nameof(Learners))]
    public void It_scales_with_the_direction_and_knows_no_sign(string learner)
    {
        ILocalNorm norm = Norm(RewardModelContract.Learned(learner, 50));
        double one = norm.Uncertainty([1, -2, 0.5f]);
        Assert.Equal(3 * one, norm.Uncertainty([-3, 6, -1.5f]), 1e-9);
        Assert.Equal(one, norm.Uncertainty([2, 0, 1], [1, 2, 0.5f]), 1e-9);
    }

    [Theory]
    [MemberData(nameof(Learners))]
    public void What_was_compared_is_less_uncertain_afterwards_and_what_was_not_is_as_before(string learner)
    {
        IRewardModel model = AllLearners.Create(learner);
        double before = Norm(model).Uncertainty([1, 0, 0]);
        for (int i = 0; i < 20; i++)
        {
            model.Observe(new Comparison([1, 0, 0], i % 2));
            double after = Norm(model).Uncertainty([1, 0, 0]);
            Assert.True(after < before);
            before = after;
        }
        Assert.Equal(1, Norm(model).Uncertainty([0, 1, 0]), 1e-9);
    }

    [Theory]
    [MemberData(nameof(Learners))]
    public void A_direction_that_does_not_fit_is_refused(string learner)
    {
        ILocalNorm norm = Norm(AllLearners.Create(learner));
        Assert.Throws<ArgumentException>(() => norm.Uncertainty([1, 2]));
        Assert.Throws<ArgumentException>(() => norm.Uncertainty([1, 2, 3], [1, 2]));
        Assert.Throws<ArgumentException>(() => norm.Uncertainty([1, float.NaN, 3]));
    }

    private static ILocalNorm Norm(IRewardModel model) => Assert.IsType<ILocalNorm>(model, exactMatch: false);
}
