using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Hardware.Tests;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon.Tests.Hosting;

/// <summary>The lamps of a board in memory, with the demo model.</summary>
public sealed class LampTests : IAsyncLifetime
{
    private const int ThinkingLine = 3,
        ErrorLine = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _state = Directory.CreateTempSubdirectory("onlinerlhf-lamps-").FullName;
    private readonly MemoryRig _rig = new();
    private readonly ObservedClock _clock = new();
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly EventHub _events = new();
    private readonly ModelHost _host;
    private readonly BoardHost _board;

    public LampTests()
    {
        string lamps = $"thinking:{ThinkingLine},error:{ErrorLine}";
        var options = new DaemonOptions
        {
            GpioChip = _rig.Chip,
            Buttons = "first:0,second:1",
            Lamps = lamps,
            Threads = 1,
            Context = 512,
            TimeTarget = 0,
        };
        _rig.Pull(0, true);
        _rig.Pull(1, true);
        _host = new ModelHost(options, _state, Path.Combine(_state, "socket"), _events, _lifetime, _clock, NullLogger.Instance);
        _board = new BoardHost(options, _host, _events, _rig.Clock, NullLogger.Instance, _rig.Open);
    }

    public async ValueTask InitializeAsync()
    {
        CancellationToken over = TestContext.Current.CancellationToken;
        await _host.StartAsync(over);
        await _board.StartAsync(over);
        _lifetime.NotifyStarted();
        PreferenceLoop loop = await _host.LoadedAsync(over);
        Assert.True(SpinWait.SpinUntil(() => _events.Followers > 0, Patience));
        Settle(loop);
    }

    [Fact]
    public async Task A_comparison_that_is_refused_leaves_no_lamp_lit()
    {
        PreferenceLoop loop = _host.Loop!;
        bool seen = false;
        _clock.Looked = () =>
        {
            if (seen || loop.Status.QueuedRequests == 0)
                return;
            seen = true;
            Settle(loop);
        };
        string tooLong = string.Join(' ', Enumerable.Repeat("word", 2000));
        var refused = new ComparisonRequest([new ChatMessage("user", tooLong)], "Yes.", "No.");
        await Assert.ThrowsAsync<InferenceException>(() => loop.SubmitAsync(refused, TestContext.Current.CancellationToken));
        Assert.True(seen, "Nothing was shown while the comparison was read.");
        Assert.False(_rig.IsHigh(ThinkingLine));
    }

    [Theory]
    [InlineData(2000)]
    [InlineData(2)]
    public async Task The_thinking_lamp_shines_from_a_request_s_arrival_to_its_end_whatever_that_is(int words)
    {
        PreferenceLoop loop = _host.Loop!;
        List<bool> lit = [];
        _clock.Looked = () =>
        {
            if (lit.Count > 0)
                return;
            Settle(loop);
            lit.Add(_rig.IsHigh(ThinkingLine));
        };
        string text = string.Join(' ', Enumerable.Repeat("word", words));
        var request = new RoundRequest([new ChatMessage("user", text)]) { MaxTokens = 8 };
        Exception? failure = await Record.ExceptionAsync(() => loop.OpenRoundAsync(request, TestContext.Current.CancellationToken));
        Assert.Equal(words == 2000, failure is InferenceException { Error: InferenceError.PromptTooLong });
        Settle(loop);
        Assert.Equal([true], lit);
        Assert.False(_rig.IsHigh(ThinkingLine));
    }

    public async ValueTask DisposeAsync()
    {
        _clock.Looked = null;
        await _board.StopAsync(CancellationToken.None);
        await _host.StopAsync(CancellationToken.None);
        _board.Dispose();
        _host.Dispose();
        _rig.Dispose();
        Directory.Delete(_state, recursive: true);
    }

    /// <summary>Waits until the lamps show everything that has happened: what is told after it is shown after it.</summary>
    private void Settle(PreferenceLoop loop)
    {
        for (int i = 0; i < 2; i++)
        {
            _events.Publish(new RoundEvent.Abandoned("nobody", Failed: true));
            Assert.True(SpinWait.SpinUntil(() => _rig.IsHigh(ErrorLine), Patience));
            _events.Publish(new RoundEvent.Recorded(Guid.NewGuid(), "nobody", 1));
            Assert.True(SpinWait.SpinUntil(() => !_rig.IsHigh(ErrorLine), Patience));
        }
    }
}
