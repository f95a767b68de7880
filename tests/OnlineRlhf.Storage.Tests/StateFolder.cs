using OnlineRlhf.Learning;
using OnlineRlhf.Storage.CrashWriter;

namespace OnlineRlhf.Storage.Tests;

/// <summary>A profile's directory beside the test's program, which is on a real disk where /tmp may not be.</summary>
internal sealed class StateFolder : IDisposable
{
    public const int Seed = 7;

    private static int s_count;

    private readonly Script _script;

    public StateFolder(int dimension, bool mixed = false, [System.Runtime.CompilerServices.CallerMemberName] string name = "")
    {
        _script = new Script(Seed, dimension, mixed);
        Root = Path.Combine(
            AppContext.BaseDirectory,
            "state",
            $"{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}-{name[..Math.Min(40, name.Length)]}"
        );
        _ = Directory.CreateDirectory(Root);
    }

    public int Dimension => _script.Dimension;

    /// <summary>Whether the steps are mixed, or each appends one press.</summary>
    public bool Mixed => _script.Mixed;

    public string Root { get; }

    public string Profile => Path.Combine(Root, "profile");

    public string Data => Path.Combine(Profile, "state.db");

    public string Log => Path.Combine(Profile, "state-log.db");

    public long Bytes => Directory.EnumerateFiles(Profile).Sum(file => new FileInfo(file).Length);

    public ProfileStore Open(
        HyperParameters? hyperParameters = null,
        StateIdentity? identity = null,
        Func<StateIdentity, StateIdentity?>? recognise = null
    ) => ProfileStore.Open(Profile, identity ?? Known.Identity(Dimension), hyperParameters ?? new HyperParameters(), recognise);

    public ProfileStore Open(Disk.DiskProbe probe) => ProfileStore.Open(Profile, Known.Identity(Dimension), new HyperParameters(), null, probe);

    public void Fill(long until, bool paced = true)
    {
        using ProfileStore store = Open();
        Append(store, until, paced);
    }

    public void Append(ProfileStore store, long until, bool paced = true, int seed = Seed)
    {
        while (store.Sequence < until)
        {
            AppendNext(store, seed);
            while (paced && store.WriteCheckpointChunk()) { }
        }
    }

    public void AppendNext(ProfileStore store, int seed = Seed)
    {
        long next = store.Sequence + 1;
        Assert.Equal(
            next,
            store.Append(Known.Round(seed, next), Known.Difference(seed, next, Dimension), Known.Label(seed, next), ComparisonKind.Press)
        );
    }

    /// <summary>The steps that a store has behind it; fails where a part of one is there.</summary>
    public long StepsOf(ProfileStore store) => _script.StepsOf(store);

    /// <summary>Takes the next step.</summary>
    public void Step(ProfileStore store) => _script.Step(store);

    /// <summary>Holds a store that was opened again against a learner in memory, and repeats what is done already.</summary>
    public void AssertSound(ProfileStore store)
    {
        Assert.True(store.Recovery.IsClean, string.Join(' ', store.Recovery.Problems));
        _script.Repeat(store);
        Oracle.AssertSame(Oracle.After(store.Sequence, Dimension, mixed: Mixed), store.CatchUp());
        ComparisonCounts counts = default;
        for (long number = 1; number <= store.Sequence; number++)
            counts = counts.Add(Known.Kind(number, Mixed));
        Assert.Equal(counts, store.Counts);
        for (long number = Math.Max(1, store.Sequence - Dimension + 1); number <= store.Sequence; number++)
        {
            Assert.True(store.TryFind(Known.Round(Seed, number), out RecordedComparison found));
            Assert.Equal((number, Known.Label(Seed, number, Mixed), Known.Kind(number, Mixed)), (found.Sequence, found.Label, found.Kind));
        }
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Root, recursive: true);
        }
        catch (IOException)
        {
            // A child that was just killed may still hold a file.
        }
    }
}
