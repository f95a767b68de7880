using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>φ of several answers, whole or begun. Answers whose features are not finite are left out.</summary>
/// <param name="Usable">The indices of the answers that have features.</param>
/// <param name="Features">Their features, one row after the other.</param>
internal readonly record struct MappedAnswers(IReadOnlyList<int> Usable, float[] Features)
{
    /// <exception cref="InferenceException">No answer has features.</exception>
    internal static MappedAnswers Of(FeatureMap map, RoundRequest request, IEnumerable<(HiddenBlocks Hidden, string Text)> answers)
    {
        List<int> usable = [];
        List<float> features = [];
        float[] row = new float[map.Dimension];
        InferenceException? refusal = null;
        foreach ((int index, (HiddenBlocks hidden, string text)) in answers.Index())
        {
            try
            {
                map.Map(hidden, request.LastUserTurn, text, row);
                usable.Add(index);
                features.AddRange(row);
            }
            catch (InferenceException e)
            {
                // The features of other answers may still be fine.
                refusal = e;
            }
        }
        return usable.Count > 0 ? new MappedAnswers(usable, [.. features]) : throw refusal!;
    }
}
