using System.Reflection;
using OnlineRlhf.Daemon.Hosting;

namespace OnlineRlhf.Daemon.Http;

/// <summary>GET /health: 503 while the model loads, then 200. GET /metrics: Prometheus text.</summary>
internal static class HealthEndpoints
{
    private static readonly string Version = typeof(HealthEndpoints).Assembly.GetName().Version?.ToString(3) ?? "0";

    internal static void MapHealth(this WebApplication app, ModelHost host, BoardHost board, Metrics metrics, TimeProvider clock)
    {
        long start = clock.GetTimestamp();

        app.MapRead(
            "/health",
            async context =>
            {
                bool ready = host.Loop is not null;
                if (!ready)
                    context.Response.Headers.RetryAfter = Problems.RetryAfter;
                context.Response.StatusCode = ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
                var body = new HealthBody(
                    ready ? "ready" : "loading",
                    Version,
                    host.Model?.Name,
                    host.Loop?.FeatureMap.Dimension,
                    host.Model?.Threads,
                    host.Model?.ContextTokens,
                    host.Model?.Device is { } device ? new DeviceBody(device.Name, device.Layers, device.Why) : null,
                    PaceBody.Of(host.Loop?.Status, host.TimeTarget),
                    host.Loop?.Status.OpenRounds ?? 0,
                    host.Loop?.Status.QueuedRequests ?? 0,
                    (long)clock.GetElapsedTime(start).TotalSeconds,
                    board.IsWanted ? board.Problem ?? "fine" : null,
                    host.Model?.TemplateNote,
                    host.Model?.Thinking,
                    host.Engine
                );
                await RoundEndpoints.Write(context, body, WireJson.Readable.HealthBody).ConfigureAwait(false);
            }
        );

        app.MapRead(
            "/metrics",
            async context =>
            {
                context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
                await context.Response.WriteAsync(metrics.Render(host), context.RequestAborted).ConfigureAwait(false);
            }
        );
    }
}
