using LiteDB;
using OnlineRlhf.Storage.Layout;

namespace OnlineRlhf.Storage.Tests;

/// <summary>Reads and damages state files, and says what must hold after a repair.</summary>
internal static class DamagedState
{
    internal static void AssertCleanAndGoesOn(StateFolder folder, long sequence, long until)
    {
        using (ProfileStore store = folder.Open())
        {
            Assert.True(store.Recovery.IsClean, string.Join(' ', store.Recovery.Problems));
            Assert.Equal(sequence, store.Sequence);
            folder.Append(store, until);
        }
        using ProfileStore again = folder.Open();
        Assert.True(again.Recovery.IsClean, string.Join(' ', again.Recovery.Problems));
        Oracle.AssertSame(Oracle.After(until, folder.Dimension), again.CatchUp());
    }

    /// <summary>The two checkpoints, the newest first.</summary>
    internal static CheckpointRecord[] Checkpoints(StateFolder folder)
    {
        using LiteDatabase database = Raw(folder);
        ILiteCollection<BsonDocument> meta = database.GetCollection(StateFormat.Meta);
        return [.. new[] { 1, 2 }.Select(n => CheckpointRecord.Read(meta.FindById(n), n, StateFormat.Version)!).OrderByDescending(c => c.Generation)];
    }

    internal static byte[] Chunk(StateFolder folder, int checkpoint, int index)
    {
        using LiteDatabase database = Raw(folder);
        return database.GetCollection(StateFormat.Chunks(checkpoint)).FindById(index)["data"].AsBinary;
    }

    internal static void Damage(StateFolder folder, CheckpointRecord checkpoint, bool header)
    {
        using LiteDatabase database = Raw(folder);
        ILiteCollection<BsonDocument> collection = database.GetCollection(header ? StateFormat.Meta : StateFormat.Chunks(checkpoint.Number));
        BsonDocument document = collection.FindById(header ? checkpoint.Number : 0);
        if (header)
            document["sequence"] = document["sequence"].AsInt64 + 1;
        else
            document["data"].AsBinary[17] ^= 1;
        Assert.True(collection.Update(document));
    }

    /// <summary>
    /// The data file by LiteDB alone, without the log: what is in it was carried out, and LiteDB would carry out too what older transactions left
    /// behind the last one.
    /// </summary>
    internal static LiteDatabase Raw(StateFolder folder)
    {
        File.Delete(folder.Log);
        return new(new ConnectionString { Filename = folder.Data, Connection = ConnectionType.Direct });
    }
}
