using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Engine;

/// <summary>Prefers the branch with the highest value.</summary>
internal sealed class Guide(Func<PartialAnswer, double> value, bool withChallenger = false, bool isAsked = true) : IAnswerGuide
{
    internal List<string> Leader { get; } = [];

    internal List<string> Challenger { get; } = [];

    public FirstChoice ChooseFirst(IReadOnlyList<PartialAnswer> branches)
    {
        int worst = branches.Count - 1 - branches.Reverse().Select((b, i) => (value(b), i)).Min().i;
        return new FirstChoice(Choose(branches), withChallenger ? worst : null, isAsked);
    }

    public int Choose(IReadOnlyList<PartialAnswer> branches) => branches.Select((b, i) => (value(b), i)).Max().i;

    internal Func<Candidate, CancellationToken> Serve { private get; init; } = _ => CancellationToken.None;

    public CancellationToken Served(Candidate leader) => Serve(leader);

    public void Settled(string leader, string? challenger)
    {
        Leader.Add(leader);
        if (challenger is not null)
            Challenger.Add(challenger);
    }
}
