using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Daemon.Http.Access;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon.Http;

/// <summary>POST /v1/comparisons and GET /v1/comparisons/{id}?profile=: comparisons that a client submits.</summary>
internal static class ComparisonEndpoints
{
    internal static void MapComparisons(this WebApplication app, ModelHost host)
    {
        CancellationToken stopping = app.Lifetime.ApplicationStopping;

        app.MapPost(
            "/v1/comparisons",
            async context =>
            {
                ComparisonBody body = await RoundEndpoints.Read(context, WireJson.Readable.ComparisonBody).ConfigureAwait(false);
                ComparisonRequest request = Convert(body, Caller.Of(context));
                using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
                PreferenceLoop loop = await host.WaitInLineAsync(either.Token).ConfigureAwait(false);
                await Write(context, await loop.SubmitAsync(request, either.Token).ConfigureAwait(false)).ConfigureAwait(false);
            }
        );

        app.MapRead(
            "/v1/comparisons/{id}",
            async context =>
            {
                Guid id = Id((string?)context.Request.RouteValues["id"]);
                PreferenceLoop loop = await host.WaitAsync(context.RequestAborted).ConfigureAwait(false);
                string profile = Caller.Of(context).ProfileOf(context.Request.Query["profile"]);
                await Write(context, loop.FindComparison(id, profile)).ConfigureAwait(false);
            }
        );
    }

    private static Task Write(HttpContext context, FeedbackResult result) =>
        RoundEndpoints.Write(context, FeedbackResultBody.Of(result), WireJson.Readable.FeedbackResultBody);

    private static ComparisonRequest Convert(ComparisonBody body, Caller caller) =>
        new(
            RoundEndpoints.Messages(body.Messages),
            body.Chosen ?? throw new BadHttpRequestException("chosen is missing: send the text of the better answer."),
            body.Rejected ?? throw new BadHttpRequestException("rejected is missing: send the text of the other answer.")
        )
        {
            Profile = caller.ProfileOf(body.Profile),
            Id = body.Id is null ? Guid.NewGuid() : Id(body.Id),
            IsTie = body.Tie ?? false,
            AtLeast = body.AtLeast ?? 0,
        };

    private static Guid Id(string? text) =>
        Guid.TryParseExact(text, "D", out Guid id)
            ? id
            : throw new BadHttpRequestException("id must be a GUID, such as 3f2504e0-4f89-41d3-9a0c-0305e82c3301.");
}
