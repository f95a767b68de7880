namespace OnlineRlhf.Daemon.Http.OpenAi;

/// <summary>A request that OpenAI's API would refuse, or that this daemon cannot serve.</summary>
/// <param name="message">What is wrong and what to do.</param>
/// <param name="param">The field; null if it is none.</param>
/// <param name="code">OpenAI's code for programs; null for none.</param>
/// <param name="status">The HTTP status.</param>
internal sealed class OpenAiException(string message, string? param, string? code = null, int status = StatusCodes.Status400BadRequest)
    : BadHttpRequestException(message, status)
{
    internal string? Param { get; } = param;

    internal string? Code { get; } = code;
}
