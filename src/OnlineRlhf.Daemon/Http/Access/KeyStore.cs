using System.Security.Cryptography;
using OnlineRlhf.Rounds;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Http.Access;

/// <summary>
/// The keys of clients. The file is read when a key is first needed; after that, only this class changes it. Safe for concurrent use.
/// </summary>
/// <param name="state">The folder of the file.</param>
/// <param name="clock">Tells the day.</param>
internal sealed class KeyStore(string state, TimeProvider clock)
{
    /// <summary>How many keys there may be.</summary>
    internal const int Most = 64;

    private readonly Lock _gate = new();
    private volatile HeldKey[]? _keys;

    /// <summary>All keys.</summary>
    /// <exception cref="StateException">The file is damaged or cannot be read. The next call tries again.</exception>
    internal IReadOnlyList<HeldKey> All => Load();

    /// <summary>Why no key is accepted; null if the file can be read.</summary>
    internal string? Problem
    {
        get
        {
            try
            {
                _ = Load();
                return null;
            }
            catch (StateException e)
            {
                return e.Message;
            }
        }
    }

    /// <summary>Finds the key with this text; null if there is none. Compares with every key, in constant time each.</summary>
    /// <exception cref="StateException">The file is damaged or cannot be read.</exception>
    internal HeldKey? Find(string text)
    {
        HeldKey[] keys = Load();
        if (KeyText.Digest(text) is not { } digest)
            return null;
        HeldKey? found = null;
        foreach (HeldKey key in keys)
        {
            if (CryptographicOperations.FixedTimeEquals(key.Key.Digest.Span, digest))
                found = key;
        }
        return found;
    }

    /// <summary>Makes a key. It is on the disk when this returns.</summary>
    /// <returns>The key, and its text, which is kept nowhere.</returns>
    /// <exception cref="AccessException">A key has this name, or there are too many.</exception>
    /// <exception cref="StateException">The file cannot be read or written. The keys are as they were.</exception>
    internal (AccessKey Key, string Text) Add(string name, string profile, bool mayNameProfiles, bool isTalkLearned)
    {
        lock (_gate)
        {
            HeldKey[] keys = Load();
            if (keys.Any(k => k.Key.Name == name))
                throw new AccessException(
                    ProblemKind.KeyExists,
                    $"A key has the name {name} already: remove that one first (onlinerlhf key remove {name}), or take another name."
                );
            if (keys.Length >= Most)
                throw new AccessException(ProblemKind.TooManyKeys, $"There are {Most} keys, as many as may be: remove one that is not used.");
            string text = KeyText.New();
            var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
            var key = new AccessKey(name, profile, Guid.NewGuid(), today, mayNameProfiles, isTalkLearned, KeyText.Digest(text)!);
            Write([.. keys, new HeldKey(key)]);
            return (key, text);
        }
    }

    /// <summary>Removes a key, and ends the requests that came with it.</summary>
    /// <exception cref="RoundException">No key has this name.</exception>
    /// <exception cref="StateException">The file cannot be read or written. The keys are as they were.</exception>
    internal AccessKey Remove(string name)
    {
        HeldKey removed;
        lock (_gate)
        {
            HeldKey[] keys = Load();
            removed =
                Array.Find(keys, k => k.Key.Name == name)
                ?? throw new RoundException(RoundError.Unknown, "There is no key of this name: onlinerlhf key list shows all.");
            Write([.. keys.Where(k => k != removed)]);
        }
        removed.Dispose();
        return removed.Key;
    }

    private HeldKey[] Load()
    {
        if (_keys is { } loaded)
            return loaded;
        lock (_gate)
            return _keys ??= [.. KeyFile.Read(state).Select(k => new HeldKey(k))];
    }

    private void Write(HeldKey[] keys)
    {
        KeyFile.Write(state, [.. keys.Select(k => k.Key)]);
        _keys = keys;
    }
}
