using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Benchmarks.State;

/// <summary>What durability costs at least: a file whose bytes are overwritten in place and synced.</summary>
internal sealed class PlainFile : IDisposable
{
    private const int Places = 64;
    private readonly SafeFileHandle _file;
    private readonly byte[] _content;
    private int _place;

    internal PlainFile(string path, int bytes)
    {
        _content = new byte[bytes];
        new Random(bytes).NextBytes(_content);
        _file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        for (int i = 0; i < Places; i++)
            WriteAndSync();
    }

    internal void WriteAndSync()
    {
        _content[0]++;
        RandomAccess.Write(_file, _content, (long)(_place++ % Places) * _content.Length);
        RandomAccess.FlushToDisk(_file);
    }

    public void Dispose() => _file.Dispose();
}
