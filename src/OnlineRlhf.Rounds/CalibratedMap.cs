using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds;

/// <summary>The feature map of a model: its scales are measured once and kept beside the state.</summary>
internal sealed class CalibratedMap
{
    private readonly string _stateDirectory, _key;
    private readonly double[] _scales;

    private CalibratedMap(LanguageModel model, string stateDirectory, string key, double[] scales)
    {
        (_stateDirectory, _key, _scales) = (stateDirectory, key, scales);
        Map = new FeatureMap(model.EmbeddingLength, scales, TextStatistics.For("en"));
    }

    internal FeatureMap Map { get; }

    internal static CalibratedMap Load(LanguageModel model, string stateDirectory, Action? calibrating, CancellationToken cancellationToken)
    {
        string key = FeatureMap.CalibrationKey(model);
        double[]? scales = CalibrationFile.Read(stateDirectory, key, HiddenBlocks.Count);
        if (scales is not null)
            return new CalibratedMap(model, stateDirectory, key, scales);
        calibrating?.Invoke();
        var measured = new CalibratedMap(model, stateDirectory, key, FeatureMap.Calibrate(model, cancellationToken));
        measured.Keep();
        return measured;
    }

    /// <summary>Writes the scales where their file is gone.</summary>
    /// <remarks>Measured again they may differ in a digit, and a state fits only the scales that it was founded with.</remarks>
    internal void Keep()
    {
        if (CalibrationFile.Read(_stateDirectory, _key, _scales.Length) is null)
            CalibrationFile.Write(_stateDirectory, _key, _scales);
    }
}
