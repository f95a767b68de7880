namespace OnlineRlhf.Storage;

/// <summary>The build of llama.cpp's CPU backend and the number of threads that a model is decoded with on this machine.</summary>
/// <param name="Chosen">What was chosen.</param>
/// <param name="Others">What else was tried.</param>
public sealed record EngineChoice(EngineTrial Chosen, IReadOnlyList<EngineTrial> Others);
