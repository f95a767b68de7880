namespace OnlineRlhf.Inference.Features;

/// <summary>An everyday request with answers in different manners.</summary>
/// <param name="Request">What a person says.</param>
/// <param name="Answers">Answers that differ in length, shape and tone.</param>
internal sealed record CalibrationRequest(string Request, IReadOnlyList<string> Answers);
