using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Http.Access;

/// <summary>A key that is in force. Disposing ends that.</summary>
internal sealed class HeldKey : IDisposable
{
    private readonly CancellationTokenSource _removed = new();

    internal HeldKey(AccessKey key)
    {
        Key = key;
        Caller = new Caller(key.Id, key.Profile, key.MayNameProfiles, key.IsTalkLearned);
        Removed = _removed.Token;
    }

    internal AccessKey Key { get; }

    /// <summary>Whoever sends this key.</summary>
    internal Caller Caller { get; }

    /// <summary>Cancelled when the key is removed.</summary>
    internal CancellationToken Removed { get; }

    public void Dispose()
    {
        _removed.Cancel();
        _removed.Dispose();
    }
}
