namespace OnlineRlhf.Daemon.Configuration;

/// <summary>When an answer is chosen.</summary>
internal enum SamplingMode
{
    /// <summary>Block by block, while the model writes it.</summary>
    Steered,

    /// <summary>Among whole answers.</summary>
    Whole,
}
