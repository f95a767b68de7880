using LiteDB;
using OnlineRlhf.Learning;

namespace OnlineRlhf.Storage.Layout;

/// <summary>A checkpoint's header, document 1 or 2 of <c>meta</c>.</summary>
/// <param name="Number">Which of the two: 1 or 2.</param>
/// <param name="Generation">The number of this checkpoint among all that were ever written: the higher one is the newer.</param>
/// <param name="Sequence">The last comparison in it.</param>
/// <param name="HyperParameters">η, λ and β that it was made with. The comparisons after it are replayed with them.</param>
/// <param name="IsValid">False while its chunks are being rewritten.</param>
/// <param name="History">What its comparisons left besides the model.</param>
internal sealed record CheckpointRecord(int Number, long Generation, long Sequence, HyperParameters HyperParameters, bool IsValid, History History)
{
    /// <summary>The document.</summary>
    public BsonDocument ToDocument() =>
        new()
        {
            ["_id"] = Number,
            ["generation"] = Generation,
            ["sequence"] = Sequence,
            ["eta"] = HyperParameters.StepSize,
            ["lambda"] = HyperParameters.Regularization,
            ["beta"] = HyperParameters.Exploration,
            ["valid"] = IsValid,
            ["cusum"] = History.Cusum,
            ["changed"] = History.Changed,
            ["unknown"] = History.Counts.Unknown,
            ["press"] = History.Counts.Press,
            ["brought"] = History.Counts.Brought,
            ["talk"] = History.Counts.Talk,
            ["word"] = History.Counts.Word,
            ["sum"] = Sum(StateFormat.Version),
        };

    /// <summary>Reads a document of a version; null where it is damaged.</summary>
    public static CheckpointRecord? Read(BsonDocument? document, int number, int version)
    {
        if (
            document is null
            || document["generation"] is not { IsInt64: true } generation
            || document["sequence"] is not { IsInt64: true } sequence
            || document["eta"] is not { IsDouble: true } eta
            || document["lambda"] is not { IsDouble: true } lambda
            || document["beta"] is not { IsDouble: true } beta
            || document["valid"] is not { IsBoolean: true } valid
            || document["sum"] is not { IsInt64: true } sum
        )
            return null;
        if (StateFormat.HyperParametersOf(eta, lambda, beta) is not { } hyperParameters)
            return null;
        if ((version == 1 ? HistoryOfVersion1(sequence.AsInt64) : ReadHistory(document)) is not { } history)
            return null;
        var record = new CheckpointRecord(number, generation.AsInt64, sequence.AsInt64, hyperParameters, valid.AsBoolean, history);
        return record.Sum(version) == sum.AsInt64 && record.Sequence >= 0 ? record : null;
    }

    /// <summary>The document of one chunk of this checkpoint.</summary>
    public BsonDocument ToChunk(int index, byte[] data) =>
        new()
        {
            ["_id"] = index,
            ["generation"] = Generation,
            ["sequence"] = Sequence,
            ["data"] = data,
            ["sum"] = ChunkSum(index, data),
        };

    /// <summary>The data of a chunk of this checkpoint; null where the document belongs to another checkpoint, or is damaged.</summary>
    public byte[]? ReadChunk(BsonDocument? document, int index, int length) =>
        document is not null
        && document["generation"] is { IsInt64: true } generation
        && generation.AsInt64 == Generation
        && document["sequence"] is { IsInt64: true } sequence
        && sequence.AsInt64 == Sequence
        && document["data"] is { IsBinary: true } data
        && data.AsBinary.Length == length
        && document["sum"] is { IsInt64: true } sum
        && sum.AsInt64 == ChunkSum(index, data.AsBinary)
            ? data.AsBinary
            : null;

    private long ChunkSum(int index, byte[] data) => new Checksum().Add(Generation).Add(Sequence).Add(index).Add(data).Value;

    private static History HistoryOfVersion1(long sequence) => History.None with { Counts = new ComparisonCounts { Unknown = sequence } };

    private static History? ReadHistory(BsonDocument document) =>
        document["cusum"] is { IsDouble: true } cusum
        && document["changed"] is { IsInt64: true } changed
        && document["unknown"] is { IsInt64: true } unknown
        && document["press"] is { IsInt64: true } press
        && document["brought"] is { IsInt64: true } brought
        && document["talk"] is { IsInt64: true } talk
        && document["word"] is { IsInt64: true } word
            ? new History(
                cusum.AsDouble,
                changed.AsInt64,
                new ComparisonCounts(unknown.AsInt64, press.AsInt64, brought.AsInt64, talk.AsInt64, word.AsInt64)
            )
            : null;

    private long Sum(int version)
    {
        Checksum sum = new Checksum()
            .Add(Number)
            .Add(Generation)
            .Add(Sequence)
            .Add(HyperParameters.StepSize)
            .Add(HyperParameters.Regularization)
            .Add(HyperParameters.Exploration)
            .Add(IsValid ? 1 : 0);
        return version == 1
            ? sum.Value
            : sum.Add(History.Cusum)
                .Add(History.Changed)
                .Add(History.Counts.Unknown)
                .Add(History.Counts.Press)
                .Add(History.Counts.Brought)
                .Add(History.Counts.Talk)
                .Add(History.Counts.Word)
                .Value;
    }
}
