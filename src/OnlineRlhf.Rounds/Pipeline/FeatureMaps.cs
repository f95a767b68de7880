using System.Collections.Concurrent;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>
/// The feature maps of one model. The daemon measures the scales once and keeps them beside the profiles' state. A new profile takes the measured
/// scales, and keeps them for good.
/// </summary>
/// <remarks>Scales that are measured on another processor, or by another build of the engine, differ in their third digit.</remarks>
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

    /// <summary>The feature map of new profiles.</summary>
    internal FeatureMap Measured { get; }

    /// <summary>The identity of a new state that uses this feature map.</summary>
    internal StateIdentity IdentityOf(FeatureMap map) => new(_model, map.Fingerprint, map.Dimension) { Scales = map.Scales };

    /// <summary>Reads the scales of a model, or measures them if they are not stored yet.</summary>
    /// <param name="model">The model.</param>
    /// <param name="stateDirectory">The folder that keeps the scales.</param>
    /// <param name="calibrating">Called before a measurement, which takes a while.</param>
    /// <param name="cancellationToken">Cancels the measurement.</param>
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

    /// <summary>The feature map of an open state.</summary>
    internal FeatureMap Of(StateIdentity identity) => _maps[identity.FeatureMapFingerprint];

    /// <summary>
    /// Finds the feature map of a stored state among the maps of this model with other scales. States from earlier versions do not contain their
    /// scales: for these, the method tries scales near the measured ones.
    /// </summary>
    /// <returns>The state's identity, with its scales; null if the state's feature map is not one of this model.</returns>
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
