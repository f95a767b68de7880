namespace OnlineRlhf.Inference.Features;

/// <summary>An everyday request with answers in different styles.</summary>
/// <param name="Request">The user's message.</param>
/// <param name="Answers">Answers that differ in length, shape and tone.</param>
internal sealed record CalibrationRequest(string Request, IReadOnlyList<string> Answers);
