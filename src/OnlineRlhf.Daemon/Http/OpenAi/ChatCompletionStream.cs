using System.Text;
using System.Threading.Channels;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Conversations;
using OnlineRlhf.Rounds.Events;

namespace OnlineRlhf.Daemon.Http.OpenAi;

/// <summary>A response that is sent while it is written, as server-sent events.</summary>
/// <param name="context">The request.</param>
/// <param name="completion">What all chunks have in common.</param>
/// <param name="withUsage">Whether the client wants to know how many tokens there were.</param>
/// <param name="clock">Measures how long nothing was sent.</param>
internal sealed class ChatCompletionStream(HttpContext context, ChatCompletion completion, bool withUsage, TimeProvider clock)
    : IProgress<SamplingProgress>
{
    // A comment line shows that the daemon works, and whether the client is still there.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    private readonly string?[] _sent = new string?[completion.Answers];
    private volatile string _comment = ": waiting\n\n";

    /// <summary>Answers a request.</summary>
    /// <param name="written">Receives what is certain.</param>
    /// <param name="progress">Receives how far the model is.</param>
    internal delegate Task<ConversationAnswer> Answering(ChannelWriter<RoundEvent.Writing>? written, IProgress<SamplingProgress>? progress);

    private CancellationToken Left => context.RequestAborted;

    public void Report(SamplingProgress value) => _comment = $": writing {value.Finished} of {value.Candidates}\n\n";

    /// <summary>Opens a round, and sends what is certain of its answers as it comes.</summary>
    /// <param name="answering">Answers the request.</param>
    /// <returns>The answer; null if it failed after the first event.</returns>
    internal async Task<ConversationAnswer?> OpenAsync(Answering answering)
    {
        Channel<RoundEvent.Writing> written = RoundStream.NewestWriting();
        Task<ConversationAnswer> opening = OpenAsync();
        while (await IsMoreAsync(written.Reader).ConfigureAwait(false))
        {
            // The client may leave at any time. The round then ends by the same token.
            if (written.Reader.TryRead(out RoundEvent.Writing? writing) && !Left.IsCancellationRequested)
                await ContinueAsync(completion.Begun(writing.First, writing.Second)).ConfigureAwait(false);
        }
        try
        {
            ConversationAnswer answer = await opening.ConfigureAwait(false);
            try
            {
                await FinishAsync(answer).ConfigureAwait(false);
                // A client may close the connection as soon as it has read the last line, so this looks before.
                Left.ThrowIfCancellationRequested();
                await EventEndpoint.Write(context, "data: [DONE]\n\n", CancellationToken.None).ConfigureAwait(false);
                answer.Delivered();
            }
            catch
            {
                answer.Dispose();
                throw;
            }
            return answer;
        }
        catch (Exception e) when (context.Response.HasStarted && !Left.IsCancellationRequested)
        {
            await SendAsync(OpenAiErrors.Describe(e).Body).ConfigureAwait(false);
            return null;
        }

        async Task<ConversationAnswer> OpenAsync()
        {
            try
            {
                return await answering(written.Writer, this).ConfigureAwait(false);
            }
            finally
            {
                // If the model does not load, nobody else completes it.
                written.Writer.TryComplete();
            }
        }
    }

    /// <summary>Waits for more words. Meanwhile comment lines tell how far the model is.</summary>
    private async Task<bool> IsMoreAsync(ChannelReader<RoundEvent.Writing> written)
    {
        Task<bool> more = written.WaitToReadAsync(CancellationToken.None).AsTask();
        while (true)
        {
            try
            {
                return await more.WaitAsync(Silence, clock, CancellationToken.None).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                if (!Left.IsCancellationRequested)
                    await SendAsync(_comment).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Sends what is new of the answers.</summary>
    private async Task ContinueAsync(IReadOnlyList<string?> texts)
    {
        for (int choice = 0; choice < _sent.Length && choice < texts.Count; choice++)
        {
            if (texts[choice] is not { Length: > 0 } text || text == _sent[choice])
                continue;
            if (_sent[choice] is null)
                await SendAsync(completion.Role(choice)).ConfigureAwait(false);
            await SendAsync(completion.Content(choice, New(text, _sent[choice]))).ConfigureAwait(false);
            _sent[choice] = text;
        }
    }

    private async Task FinishAsync(ConversationAnswer answer)
    {
        IReadOnlyList<ShownAnswer> shown = completion.Shown(answer);
        await ContinueAsync([.. shown.Select(a => a.Text)]).ConfigureAwait(false);
        for (int choice = 0; choice < shown.Count; choice++)
        {
            if (_sent[choice] is null)
                await SendAsync(completion.Role(choice)).ConfigureAwait(false);
            await SendAsync(completion.End(choice, answer)).ConfigureAwait(false);
        }
        if (withUsage)
            await SendAsync(completion.Usage(answer)).ConfigureAwait(false);
    }

    /// <summary>
    /// What was not sent yet. If a device failed, the answer was written anew: then it begins again in a new paragraph, as nothing can be taken back.
    /// </summary>
    private static string New(string text, string? sent) =>
        sent is null ? text
        : text.StartsWith(sent, StringComparison.Ordinal) ? text[sent.Length..]
        : "\n\n" + text;

    private Task SendAsync(byte[] chunk) => SendAsync($"data: {Encoding.UTF8.GetString(chunk)}\n\n");

    private Task SendAsync(string lines) => EventEndpoint.Write(context, lines, Left);
}
