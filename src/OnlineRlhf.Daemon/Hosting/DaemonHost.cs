using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Console;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Daemon.Http.Access;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Events;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>
/// Runs the daemon: HTTP over a Unix socket, and over TCP where that is wanted. The sockets open at once, and the model loads in the background.
/// </summary>
internal static class DaemonHost
{
    /// <summary>SIGXFSZ, on x64 and arm64.</summary>
    private const PosixSignal FileLimitReached = (PosixSignal)25;

    /// <summary>SIGUSR1 and SIGUSR2, on x64 and arm64.</summary>
    private const PosixSignal FirstUserSignal = (PosixSignal)10,
        SecondUserSignal = (PosixSignal)12;

    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(4);

    /// <summary>Runs until SIGTERM or SIGINT.</summary>
    internal static async Task<int> RunAsync(DaemonOptions options)
    {
        IReadOnlyList<ListeningSocket> passed = PassedSockets.Take();
        string path = passed.FirstOrDefault(s => s.IsLocal)?.EndPoint.ToString() ?? Locations.Listen(options.Socket),
            state = Locations.State(options.State);
        // Handle the signals before the socket exists: from then on a client may rely on a clean stop.
        using var stop = new CancellationTokenSource();
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop),
            interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        // By default this signal ends the process when a file reaches the limit of ulimit -f. If it is ignored, the write fails and the
        // store reports that.
        using PosixSignalRegistration fileLimit = PosixSignalRegistration.Create(FileLimitReached, signal => signal.Cancel = true);
        // Other daemons reload their settings at these signals, so scripts send them. Unhandled, they would end the process.
        ILogger? logger = null;
        bool onTerminal = false;
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, HangUp),
            firstUser = PosixSignalRegistration.Create(FirstUserSignal, Ignore),
            secondUser = PosixSignalRegistration.Create(SecondUserSignal, Ignore);
        using var stateLock = new StateLock(state);
        var authority = new ControlAuthority(options.ControlGroup);
        // A signal can stop the daemon before the web server takes the sockets.
        using ListeningSockets sockets = [.. passed];
        if (!sockets.Exists(s => s.IsLocal))
            sockets.Add(UnixSocket.Listen(path));
        sockets.AddRange(options.ForTcp().Select(TcpSocket.Listen));
        onTerminal = ControllingTerminal.IsThere;

        // Other builders read the environment and files in the working directory, which could open further sockets.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        builder.Logging.AddSystemdConsole().AddSimpleConsole(o => o.SingleLine = true).AddConsole(o => o.FormatterName = CleanFormatter.CleanName);
        builder.Services.AddSingleton<ConsoleFormatter, CleanFormatter>();
        // If the host cannot start, the exception reaches Program.cs, which prints one line. The host must not log it too.
        builder
            .Logging.SetMinimumLevel(LogLevel.Warning)
            .AddFilter(Log.Category, LogLevel.Information)
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = ShutdownLimit);
        builder.Services.AddSingleton(services => new ConnectionListeners(
            sockets,
            Problems.Busy,
            TimeProvider.System,
            services.GetRequiredService<ILoggerFactory>().CreateLogger(Log.Category)
        ));
        builder.Services.AddSingleton<IConnectionListenerFactory>(services => services.GetRequiredService<ConnectionListeners>());
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = RoundEndpoints.LargestReadBody;
            foreach (ListeningSocket socket in sockets)
                kestrel.Listen(socket.EndPoint, listen => listen.Use(serve => context => OpenConnection.Of(context).ServeAsync(serve)));
        });
        var events = new EventHub();
        builder.Services.AddSingleton(services => new ModelHost(
            options,
            state,
            path,
            events,
            services.GetRequiredService<IHostApplicationLifetime>(),
            TimeProvider.System,
            services.GetRequiredService<ILoggerFactory>().CreateLogger(Log.Category)
        ));
        builder.Services.AddSingleton(services => new BoardHost(
            options,
            services.GetRequiredService<ModelHost>(),
            events,
            TimeProvider.System,
            services.GetRequiredService<ILoggerFactory>().CreateLogger(Log.Category)
        ));
        builder.Services.AddHostedService(services => services.GetRequiredService<ModelHost>());
        builder.Services.AddHostedService(services => services.GetRequiredService<BoardHost>());

        await using WebApplication app = builder.Build();
        ModelHost host = app.Services.GetRequiredService<ModelHost>();
        logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(Log.Category);
        ConnectionListeners connections = app.Services.GetRequiredService<ConnectionListeners>();
        var metrics = new Metrics();
        var keys = new KeyStore(state, TimeProvider.System);
        var gate = new Gate(
            keys,
            authority,
            new WebOrigins(options.HostNames(), options.AllowedOrigins()),
            new WrongKeys(TimeProvider.System),
            metrics
        );
        app.Use((context, next) => context.Features.Get<OpenConnection>()!.RunAsync(() => next(context)));
        app.Use(
            async (context, next) =>
            {
                await Problems.Handle(context, next, logger).ConfigureAwait(false);
                metrics.Responded(context.Response.StatusCode);
            }
        );
        app.Use(gate.PassAsync);
        app.MapAll(events, host, app.Services.GetRequiredService<BoardHost>(), keys, metrics, connections.MostFollowers, TimeProvider.System);
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            logger.Listening(path, state);
            foreach (ListeningSocket socket in sockets.Where(s => !s.IsLocal))
                logger.ListeningToo(socket.EndPoint);
            if (keys.Problem is { } problem)
                logger.KeysNotRead(problem);
        });
        foreach (string variable in Settings.UnknownVariables())
            logger.UnknownVariable(variable);
        app.Lifetime.ApplicationStopping.Register(() => logger.Stopping());
        try
        {
            await ((IHost)app).RunAsync(stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // A signal stopped the daemon while it was starting. That is a clean end.
        }
        host.ThrowIfFailed();
        return ExitCode.Success;

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }

        void HangUp(PosixSignalContext signal)
        {
            // If its terminal was closed, nobody could stop the daemon with Ctrl+C any more.
            if (onTerminal && !ControllingTerminal.IsThere)
                Stop(signal);
            else
                Ignore(signal);
        }

        void Ignore(PosixSignalContext signal)
        {
            signal.Cancel = true;
            logger?.NothingReloaded(
                signal.Signal switch
                {
                    FirstUserSignal => "SIGUSR1",
                    SecondUserSignal => "SIGUSR2",
                    _ => "SIGHUP",
                }
            );
        }
    }
}
