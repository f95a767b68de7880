using LiteDB;
using OnlineRlhf.Learning;

namespace OnlineRlhf.Storage.Layout;

/// <summary>The state file's header, document 0 of <c>meta</c>.</summary>
/// <param name="Identity">The model and feature map that the state belongs to.</param>
/// <param name="HyperParameters">η, λ and β that the file was written for. They are only shown: each checkpoint has its own for the replay.</param>
/// <param name="Version">The format of the file.</param>
internal sealed record HeaderRecord(StateIdentity Identity, HyperParameters HyperParameters, int Version = StateFormat.Version)
{
    private const string What = "OnlineRlhf learner state";

    /// <summary>The document.</summary>
    public BsonDocument ToDocument() =>
        new()
        {
            ["_id"] = 0,
            ["what"] = What,
            ["format"] = Version,
            ["model"] = Identity.ModelFingerprint,
            ["map"] = Identity.FeatureMapFingerprint,
            ["d"] = Identity.Dimension,
            ["scales"] = new BsonArray(Identity.Scales.Select(c => new BsonValue(c))),
            ["eta"] = HyperParameters.StepSize,
            ["lambda"] = HyperParameters.Regularization,
            ["beta"] = HyperParameters.Exploration,
            ["sum"] = Sum(),
        };

    /// <summary>The format version, 0 where the document is no header.</summary>
    public static int VersionOf(BsonDocument document) =>
        document["what"] is { IsString: true } what && what.AsString == What && document["format"] is { IsInt32: true } format ? format.AsInt32 : 0;

    /// <summary>Reads a document of this version or an earlier one; null where its checksum is wrong.</summary>
    public static HeaderRecord? Read(BsonDocument document)
    {
        if (
            document["model"] is not { IsString: true } model
            || document["map"] is not { IsString: true } map
            || document["d"] is not { IsInt32: true } dimension
            || document["eta"] is not { IsDouble: true } eta
            || document["lambda"] is not { IsDouble: true } lambda
            || document["beta"] is not { IsDouble: true } beta
            || document["sum"] is not { IsInt64: true } sum
        )
            return null;
        if (StateFormat.HyperParametersOf(eta, lambda, beta) is not { } hyperParameters)
            return null;
        // The sum leaves the scales out: the map's fingerprint tells whether they are right, and near ones can be tried where they are not.
        double[] scales = document["scales"] is { IsArray: true } array ? [.. array.AsArray.Where(c => c.IsDouble).Select(c => c.AsDouble)] : [];
        var header = new HeaderRecord(
            new StateIdentity(model.AsString, map.AsString, dimension.AsInt32) { Scales = scales },
            hyperParameters,
            VersionOf(document)
        );
        return header.Sum() == sum.AsInt64 ? header : null;
    }

    private long Sum() =>
        new Checksum()
            .Add(Version)
            .Add(Identity.ModelFingerprint)
            .Add(Identity.FeatureMapFingerprint)
            .Add(Identity.Dimension)
            .Add(HyperParameters.StepSize)
            .Add(HyperParameters.Regularization)
            .Add(HyperParameters.Exploration)
            .Value;
}
