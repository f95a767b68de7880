using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds;

/// <summary>The feature map of a model: its scales are measured once and kept beside the state.</summary>
internal static class CalibratedMap
{
    internal static FeatureMap Load(LanguageModel model, string stateDirectory, Action? calibrating, CancellationToken cancellationToken)
    {
        string key = FeatureMap.CalibrationKey(model);
        double[]? scales = CalibrationFile.Read(stateDirectory, key, HiddenBlocks.Count);
        if (scales is null)
        {
            calibrating?.Invoke();
            scales = FeatureMap.Calibrate(model, cancellationToken);
            CalibrationFile.Write(stateDirectory, key, scales);
        }
        return new FeatureMap(model.EmbeddingLength, scales, TextStatistics.For("en"));
    }
}
