using System.Collections.Concurrent;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds;

/// <summary>
/// The feature maps of a model. Its scales are measured once and kept beside the state; a profile is founded with
/// them, and goes on with those it was founded with.
/// </summary>
/// <remarks>Measured on another processor, or by another build of the engine, scales differ in their third digit.</remarks>
internal sealed class FeatureMaps
{
    private static readonly TextStatistics Statistics = TextStatistics.For("en");
    private readonly string _model;
    private readonly int _width;
    private readonly ConcurrentDictionary<string, FeatureMap> _maps = new();

    private FeatureMaps(LanguageModel model, double[] scales)
    {
        (_model, _width) = (model.Fingerprint, model.EmbeddingLength);
        Measured = new FeatureMap(_width, scales, Statistics);
        _maps[Measured.Fingerprint] = Measured;
    }

    /// <summary>The map of new profiles.</summary>
    internal FeatureMap Measured { get; }

    /// <summary>What a state belongs to that is founded with a map.</summary>
    internal StateIdentity IdentityOf(FeatureMap map) => new(_model, map.Fingerprint, map.Dimension) { Scales = map.Scales };

    /// <summary>Reads the scales of a model; measures them where that was not done yet.</summary>
    /// <param name="model">The model.</param>
    /// <param name="stateDirectory">Where the scales are kept.</param>
    /// <param name="calibrating">Told before they are measured: it takes a while.</param>
    /// <param name="cancellationToken">Ends the measurement.</param>
    internal static FeatureMaps Load(LanguageModel model, string stateDirectory, Action? calibrating, CancellationToken cancellationToken)
    {
        string key = FeatureMap.CalibrationKey(model);
        if (CalibrationFile.Read(stateDirectory, key, HiddenBlocks.Count) is not { } scales)
        {
            calibrating?.Invoke();
            scales = FeatureMap.Calibrate(model, cancellationToken);
            CalibrationFile.Write(stateDirectory, key, scales);
        }
        return new FeatureMaps(model, scales);
    }

    /// <summary>The map of a state that is open.</summary>
    internal FeatureMap Of(StateIdentity identity) => _maps[identity.FeatureMapFingerprint];

    /// <summary>
    /// Tells whether a state's map is one of this model under other scales, and under which. A state that does not say so was founded by an earlier
    /// version: its scales are looked for near those that are measured here.
    /// </summary>
    /// <returns>What the state belongs to, with its scales; null where its map is another one.</returns>
    internal StateIdentity? Recognise(StateIdentity stored)
    {
        string wanted = stored.FeatureMapFingerprint;
        if (!_maps.TryGetValue(wanted, out FeatureMap? map))
        {
            map = FeatureMap.Find(wanted, _width, stored.Scales, Statistics) ?? FeatureMap.Find(wanted, _width, Measured.Scales, Statistics);
            if (map is null)
                return null;
            _maps[wanted] = map;
        }
        return stored with { Scales = map.Scales };
    }
}
