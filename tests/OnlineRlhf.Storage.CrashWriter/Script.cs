namespace OnlineRlhf.Storage.CrashWriter;

/// <summary>
/// What the child process and the tests do to a store, one transaction a step. The store itself tells how many steps it has behind it.
/// </summary>
/// <remarks>
/// Either each step appends a comparison. Or the steps are mixed, and five of them record five comparisons: two are held back, two are appended as
/// one act, one is appended alone, and the source of the two that are held is trusted. The numbers of those are then the fourth and the fifth.
/// </remarks>
public sealed record Script(int Seed, int Dimension, bool Mixed)
{
    /// <summary>The time of every step.</summary>
    public static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    private const int Round = 5;

    /// <summary>The steps that a store has behind it.</summary>
    /// <exception cref="InvalidOperationException">A part of a transaction is there.</exception>
    public long StepsOf(ProfileStore store)
    {
        if (!Mixed)
            return store.Sequence;
        (long rounds, long recorded) = Math.DivRem(store.Sequence, Round);
        return (rounds * Round)
            + (recorded, store.CountHeld(Now)) switch
            {
                (0, 0) => 0,
                (0, 1) => 1,
                (0, 2) => 2,
                (2, 2) => 3,
                (3, 2) => 4,
                (_, int held) => throw new InvalidOperationException($"{store.Sequence} are recorded and {held} held: no step ends so."),
            };
    }

    /// <summary>Takes the next step.</summary>
    public void Step(ProfileStore store)
    {
        (long rounds, long step) = Math.DivRem(StepsOf(store), Mixed ? Round : 1);
        long before = rounds * Round;
        switch (Mixed, step)
        {
            case (false, _):
                Append(store, store.Sequence + 1);
                break;
            case (_, 0 or 1):
                Hold(store, before + 4 + step, Source(rounds));
                break;
            case (_, 2):
                _ = store.Append([
                    .. new[] { before + 1, before + 2 }.Select(number => new NewComparison(
                        Known.Round(Seed, number),
                        Known.Difference(Seed, number, Dimension),
                        Known.Label(Seed, number, Mixed),
                        Known.Kind(number, Mixed)
                    )),
                ]);
                break;
            case (_, 3):
                Append(store, before + 3);
                break;
            default:
                if (store.Trust(Source(rounds), Now) != 2)
                    throw new InvalidOperationException("The two that are held were not released.");
                break;
        }
    }

    /// <summary>Repeats what is done already, as a client does that got no answer. It must change nothing.</summary>
    public void Repeat(ProfileStore store)
    {
        long rounds = store.Sequence / Round;
        bool repeated =
            Mixed && rounds > 0 && (store.Trust(Source(rounds - 1), Now) > 0 || Hold(store, rounds * Round, new Guid(Seed, 2, 0, new byte[8])));
        if (repeated || (Mixed && store.CountHeld(Now) > 0 && Hold(store, (rounds * Round) + 4, Source(rounds))))
            throw new InvalidOperationException("A repeated step counted again.");
    }

    /// <summary>The first source is the Unix socket.</summary>
    private Guid Source(long round) => round == 0 ? Guid.Empty : new Guid(Seed, 1, 0, BitConverter.GetBytes(round));

    private bool Hold(ProfileStore store, long number, Guid source) =>
        store.Hold(Known.Round(Seed, number), source, Known.Difference(Seed, number, Dimension), Now);

    private void Append(ProfileStore store, long number) =>
        store.Append(
            Known.Round(Seed, number),
            Known.Difference(Seed, number, Dimension),
            Known.Label(Seed, number, Mixed),
            Known.Kind(number, Mixed)
        );
}
