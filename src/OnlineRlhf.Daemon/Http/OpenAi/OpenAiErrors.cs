using System.Text.Json;
using OnlineRlhf.Inference;
using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Http.OpenAi;

/// <summary>Errors in the shape of OpenAI's API, whose client libraries make exceptions of them.</summary>
internal static class OpenAiErrors
{
    internal static (int Status, ErrorBody Error) Describe(Exception exception)
    {
        if (exception is OpenAiException own)
            return (own.StatusCode, new ErrorBody(own.Message, "invalid_request_error", own.Param, own.Code));
        (int status, string reason, string detail) = Problems.Describe(exception);
        return exception switch
        {
            // Client libraries look for this code, and not for the status of a body that is too large.
            InferenceException { Error: InferenceError.PromptTooLong } => (
                StatusCodes.Status400BadRequest,
                new ErrorBody(detail, "invalid_request_error", "messages", "context_length_exceeded")
            ),
            RoundException { Error: RoundError.Busy } => (status, new ErrorBody(detail, "server_error", null, "busy")),
            _ => (status, new ErrorBody(detail, status < 500 ? "invalid_request_error" : "server_error", null, reason)),
        };
    }

    internal static Task Write(HttpContext context, Exception exception)
    {
        (int status, ErrorBody error) = Describe(exception);
        context.Response.StatusCode = status;
        // Client libraries try again after any status from 500 on. Only these errors go away by themselves.
        if (status >= 500 && status != StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers["x-should-retry"] = "false";
        return RoundEndpoints.Write(context, new ErrorResponseBody(error), OpenAiJson.Readable.ErrorResponseBody);
    }

    internal static string Json(Exception exception) =>
        JsonSerializer.Serialize(new ErrorResponseBody(Describe(exception).Error), OpenAiJson.Readable.ErrorResponseBody);
}
