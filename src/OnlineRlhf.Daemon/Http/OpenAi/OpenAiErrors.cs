using OnlineRlhf.Daemon.Http.Access;
using OnlineRlhf.Inference;

namespace OnlineRlhf.Daemon.Http.OpenAi;

/// <summary>Errors in the shape of OpenAI's API, whose client libraries make exceptions of them.</summary>
internal static class OpenAiErrors
{
    internal static Task Write(HttpContext context, Exception exception)
    {
        (int status, byte[] body) = Describe(exception);
        context.Response.StatusCode = status;
        // Client libraries try again after 429 and after any status from 500 on. Only 503 goes away by itself: a wrong key stays wrong.
        if (status is >= 500 and not StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
            context.Response.Headers["x-should-retry"] = "false";
        return OpenAiJson.Write(context, body);
    }

    internal static (int Status, byte[] Body) Describe(Exception exception)
    {
        (int status, string? code, string message) = Problems.Describe(exception);
        string? param = null;
        if (exception is OpenAiException own)
            (code, message, param) = (own.Code, own.Message, own.Param);
        else if (exception is AccessException { Kind.Status: StatusCodes.Status401Unauthorized })
            code = "invalid_api_key";
        // Client libraries look for this code, and not for the status of a body that is too large.
        else if (exception is InferenceException { Error: InferenceError.PromptTooLong })
            (status, code, param) = (StatusCodes.Status400BadRequest, "context_length_exceeded", "messages");
        else if (status == StatusCodes.Status413PayloadTooLarge)
            message = $"The body is larger than {OpenAiEndpoints.LargestBody} bytes: leave out the oldest messages.";
        byte[] body = OpenAiJson.Object(json =>
        {
            json.WriteStartObject("error");
            json.WriteString("message", message);
            json.WriteString("type", status < 500 ? "invalid_request_error" : "server_error");
            json.WriteString("param", param);
            json.WriteString("code", code);
            json.WriteEndObject();
        });
        return (exception is OpenAiException { StatusCode: var set } ? set : status, body);
    }
}
