using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Primitives;
using Microsoft.Extensions.Time.Testing;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Daemon.Http.Access;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Events;

namespace OnlineRlhf.Daemon.Tests.Api;

/// <summary>The daemon's endpoints with the demo model, called without a socket.</summary>
public sealed class LiveApi : IAsyncLifetime
{
    private readonly string _state = Directory.CreateTempSubdirectory("onlinerlhf-api-").FullName;
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly ModelHost _host;
    private readonly BoardHost _board;
    private readonly WebApplication _app;

    public LiveApi()
        : this(SamplingMode.Whole) { }

    internal LiveApi(SamplingMode sampling)
    {
        var options = new DaemonOptions
        {
            Threads = 1,
            Context = 512,
            TimeTarget = 0,
            Candidates = 4,
            Sampling = WireName.Of(sampling),
        };
        _host = new ModelHost(options, _state, Path.Combine(_state, "socket"), Events, _lifetime, Clock, NullLogger.Instance);
        _board = new BoardHost(options, _host, Events, Clock, NullLogger.Instance);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        // The web server is asked for, and never started.
        builder.WebHost.UseKestrelCore();
        _app = builder.Build();
        _app.MapAll(Events, _host, _board, new KeyStore(_state, Clock), new Metrics(), 1, Clock);
        Endpoints = [.. ((IEndpointRouteBuilder)_app).DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()];
    }

    internal FakeTimeProvider Clock { get; } = new(DateTimeOffset.UnixEpoch.AddYears(56));

    internal IReadOnlyList<RouteEndpoint> Endpoints { get; }

    internal EventHub Events { get; } = new();

    internal PreferenceLoop Loop => _host.Loop!;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Loads the model; until then the daemon says that it loads.</summary>
    internal async Task LoadAsync()
    {
        if (_host.Loop is not null)
            return;
        await _host.StartAsync(TestContext.Current.CancellationToken);
        _lifetime.NotifyStarted();
        await _host.LoadedAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Stops the daemon, as a signal does.</summary>
    internal void Stop() => _app.Lifetime.StopApplication();

    /// <summary>Calls an operation, with its parameters by name; the status, the body and the query parameters that it read.</summary>
    internal async Task<Answer> CallAsync(ApiOperation operation, string body = "", params (string Name, string Value)[] parameters)
    {
        var query = new ReadQuery(parameters.Where(p => operation.Parameters("query").Contains(p.Name)));
        Answer answer = await CallAsync(
            operation.Method,
            operation.Path,
            body,
            context =>
            {
                context.Request.Query = query;
                foreach ((string name, string value) in parameters.Where(p => operation.Parameters("path").Contains(p.Name)))
                    context.Request.RouteValues[name] = value;
            }
        );
        return answer with { QueryRead = query.Read };
    }

    /// <summary>Calls a path.</summary>
    internal async Task<Answer> CallAsync(string method, string path, string body = "", Action<HttpContext>? prepare = null)
    {
        var context = new DefaultHttpContext();
        using var written = new MemoryStream();
        context.Features.Set<IHttpResponseFeature>(new Response(written));
        context.Features.Set(Caller.Local);
        context.Request.Method = method;
        context.Request.Path = path;
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        context.Response.Body = written;
        prepare?.Invoke(context);
        RouteEndpoint endpoint = Endpoints.Single(e => e.RoutePattern.RawText == path && Methods(e).Contains(method));
        await Problems.Handle(context, endpoint.RequestDelegate!, NullLogger.Instance);
        return new Answer(
            context.Response.StatusCode,
            context.Response.ContentType ?? "",
            Encoding.UTF8.GetString(written.ToArray()),
            new HashSet<string>()
        );
    }

    internal static IReadOnlyList<string> Methods(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods;

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _board.Dispose();
        _host.Dispose();
        Directory.Delete(_state, recursive: true);
    }

    /// <summary>What a call gave.</summary>
    internal sealed record Answer(int Status, string ContentType, string Body, IReadOnlySet<string> QueryRead)
    {
        internal JsonNode Json => JsonNode.Parse(Body)!;
    }

    /// <summary>A response that has started once something is written, as the web server's has.</summary>
    private sealed class Response(MemoryStream written) : HttpResponseFeature
    {
        public override bool HasStarted => written.Length > 0;
    }

    /// <summary>A query that remembers what was asked of it.</summary>
    private sealed class ReadQuery(IEnumerable<(string Name, string Value)> values) : IQueryCollection
    {
        private readonly Dictionary<string, string> _values = values.ToDictionary(v => v.Name, v => v.Value);

        internal HashSet<string> Read { get; } = [];

        public StringValues this[string key]
        {
            get
            {
                Read.Add(key);
                return _values.GetValueOrDefault(key);
            }
        }

        public int Count => throw new NotSupportedException();

        public ICollection<string> Keys => throw new NotSupportedException();

        public bool ContainsKey(string key) => throw new NotSupportedException();

        public bool TryGetValue(string key, out StringValues value) => throw new NotSupportedException();

        // The server makes the text of the query of it.
        public IEnumerator<KeyValuePair<string, StringValues>> GetEnumerator() =>
            _values.Select(v => KeyValuePair.Create(v.Key, new StringValues(v.Value))).GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
