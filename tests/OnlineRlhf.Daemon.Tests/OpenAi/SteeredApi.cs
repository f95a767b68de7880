using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Tests.Api;

namespace OnlineRlhf.Daemon.Tests.OpenAi;

/// <summary>A daemon whose model is loaded, for many tests.</summary>
public sealed class SteeredApi : IAsyncLifetime
{
    internal LiveApi Api { get; } = new(SamplingMode.Steered);

    public async ValueTask InitializeAsync() => await Api.LoadAsync();

    public ValueTask DisposeAsync() => Api.DisposeAsync();
}
