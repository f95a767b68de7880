using OnlineRlhf.Learning;
using OnlineRlhf.Storage.CrashWriter;

namespace OnlineRlhf.Storage.Tests;

/// <summary>A profile's directory beside the test's program, which is on a real disk where /tmp may not be.</summary>
internal sealed class StateFolder : IDisposable
{
    public const int Seed = 7;

    private static int s_count;

    public StateFolder(int dimension, [System.Runtime.CompilerServices.CallerMemberName] string name = "")
    {
        Dimension = dimension;
        Root = Path.Combine(
            AppContext.BaseDirectory,
            "state",
            $"{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}-{name[..Math.Min(40, name.Length)]}"
        );
        _ = Directory.CreateDirectory(Root);
    }

    public int Dimension { get; }

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
        Assert.Equal(next, store.Append(Known.Round(seed, next), Known.Difference(seed, next, Dimension), Known.Label(seed, next)));
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
