using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;
using ChatFinishReason = OpenAI.Chat.ChatFinishReason;
using ChatMessage = OpenAI.Chat.ChatMessage;
using ChatResponseFormat = OpenAI.Chat.ChatResponseFormat;

namespace OnlineRlhf.EndToEnd.Tests.Chat;

/// <summary>
/// OpenAI's own library for .NET, which is strict about what it reads, and Microsoft.Extensions.AI over it. On the Unix socket, and over TCP with a
/// key.
/// </summary>
public sealed class DotNetClientTests(TcpDaemon daemon) : IClassFixture<TcpDaemon>
{
    private const string Question = "How do I boil an egg?";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [PublishedTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_lists_models(bool tcp)
    {
        OpenAIModelClient models = new(Key(tcp), Options(tcp));
        OpenAIModelCollection all = (await models.GetModelsAsync(Cancel)).Value;
        Assert.Contains("onlinerlhf", all.Select(m => m.Id));
        OpenAIModel one = (await models.GetModelAsync("onlinerlhf", Cancel)).Value;
        Assert.Equal(("onlinerlhf", "onlinerlhf"), (one.Id, one.OwnedBy));
        Assert.InRange(one.CreatedAt, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow);
    }

    [PublishedTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_chats_goes_on_and_asks_again(bool tcp)
    {
        ChatClient chat = Chat(tcp);
        ChatCompletion answer = (await chat.CompleteChatAsync([new UserChatMessage(Question)], cancellationToken: Cancel)).Value;
        Assert.Equal((ChatFinishReason.Stop, ChatMessageRole.Assistant), (answer.FinishReason, answer.Role));
        Assert.True(answer.Usage.InputTokenCount > 0 && answer.Usage.OutputTokenCount > 0);
        string text = Assert.Single(answer.Content).Text;
        Assert.NotEmpty(text);

        ChatMessage[] further = [new UserChatMessage(Question), new AssistantChatMessage(answer), new UserChatMessage("And how do I bake bread?")];
        Assert.NotEmpty((await chat.CompleteChatAsync(further, cancellationToken: Cancel)).Value.Content[0].Text);
        // Again: a front end sends the same conversation.
        Assert.NotEmpty((await chat.CompleteChatAsync(further, cancellationToken: Cancel)).Value.Content[0].Text);
    }

    [PublishedTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_regenerates_goes_back_and_so_teaches(bool tcp)
    {
        ChatClient chat = Chat(tcp);
        var story = new UserChatMessage("Tell me a story about a fox.");
        long before = await LearnedAsync();
        ChatCompletion first = (await chat.CompleteChatAsync([story], cancellationToken: Cancel)).Value,
            other = (await chat.CompleteChatAsync([story], cancellationToken: Cancel)).Value;
        Assert.NotEqual(first.Content[0].Text, other.Content[0].Text);
        _ = await chat.CompleteChatAsync([story, new AssistantChatMessage(first), new UserChatMessage("Go on.")], cancellationToken: Cancel);
        Assert.Equal(before + 1, await LearnedAsync());

        async Task<long> LearnedAsync()
        {
            const string Name = "\nonlinerlhf_comparisons_talk_total ";
            string metrics = (await daemon.Process.Client.GetAsync("/metrics")).Body;
            int at = metrics.IndexOf(Name, StringComparison.Ordinal) + Name.Length;
            return long.Parse(metrics[at..metrics.IndexOf('\n', at)]);
        }
    }

    [PublishedTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_streams(bool tcp)
    {
        string text = "";
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;
        int parts = 0;
        await foreach (
            StreamingChatCompletionUpdate update in Chat(tcp).CompleteChatStreamingAsync([new UserChatMessage(Question)], cancellationToken: Cancel)
        )
        {
            foreach (ChatMessageContentPart part in update.ContentUpdate)
                text += part.Text;
            parts += update.ContentUpdate.Count;
            finish = update.FinishReason ?? finish;
            usage = update.Usage ?? usage;
        }
        Assert.True(parts > 1, "The answer came at once.");
        Assert.NotEmpty(text);
        Assert.Equal(ChatFinishReason.Stop, finish);
        // The library asks for the usage.
        Assert.True(usage!.OutputTokenCount > 0);
    }

    [PublishedTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_sets_all_options(bool tcp)
    {
        var options = new ChatCompletionOptions
        {
            MaxOutputTokenCount = 4,
            Temperature = 0.5f,
            TopP = 0.9f,
            FrequencyPenalty = 0.1f,
            PresencePenalty = 0.1f,
            EndUserId = "anna",
            StopSequences = { "###" },
            Tools = { ChatTool.CreateFunctionTool("weather") },
            ToolChoice = ChatToolChoice.CreateAutoChoice(),
            ResponseFormat = ChatResponseFormat.CreateTextFormat(),
        };
        ChatCompletion answer = (
            await Chat(tcp).CompleteChatAsync([new SystemChatMessage("Be brief."), new UserChatMessage(Question)], options, Cancel)
        ).Value;
        Assert.Equal(ChatFinishReason.Length, answer.FinishReason);
        Assert.Equal(4, answer.Usage.OutputTokenCount);
    }

    [PublishedTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_reads_errors(bool tcp)
    {
        var options = new ChatCompletionOptions { ResponseFormat = ChatResponseFormat.CreateJsonObjectFormat() };
        ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(() =>
            Chat(tcp).CompleteChatAsync([new UserChatMessage(Question)], options, Cancel)
        );
        Assert.Equal(400, refused.Status);
        Assert.Contains("response_format", refused.Message, StringComparison.Ordinal);
        string words = string.Join(' ', Enumerable.Repeat("fern", 5000));
        refused = await Assert.ThrowsAsync<ClientResultException>(() =>
            Chat(tcp).CompleteChatAsync([new UserChatMessage(words)], cancellationToken: Cancel)
        );
        Assert.Contains("context_length_exceeded", refused.Message, StringComparison.Ordinal);
        refused = await Assert.ThrowsAsync<ClientResultException>(() =>
            Chat(tcp, "onlinerlhf:no/such").CompleteChatAsync([new UserChatMessage(Question)], cancellationToken: Cancel)
        );
        Assert.Equal(404, refused.Status);
    }

    [PublishedTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Microsofts_extensions_work_over_it(bool tcp)
    {
        using IChatClient chat = Chat(tcp, "onlinerlhf:extensions").AsIChatClient();
        ChatResponse answer = await chat.GetResponseAsync(Question, cancellationToken: Cancel);
        Assert.NotEmpty(answer.Text);
        List<ChatResponseUpdate> updates = await chat.GetStreamingResponseAsync(
                [new(ChatRole.User, Question), .. answer.Messages, new(ChatRole.User, "And tea?")],
                cancellationToken: Cancel
            )
            .ToListAsync(Cancel);
        Assert.NotEmpty(updates.ToChatResponse().Text);
    }

    [PublishedFact]
    public async Task A_wrong_key_is_an_error_at_once()
    {
        foreach (string wrong in (string[])["none", "orlhf-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
        {
            long before = await daemon.Process.CountAsync("wrong_keys_total");
            var chat = new ChatClient("onlinerlhf", new ApiKeyCredential(wrong), Options(daemon.Process.Over(null)));
            ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(() =>
                chat.CompleteChatAsync([new UserChatMessage(Question)], cancellationToken: Cancel)
            );
            Assert.Equal(401, refused.Status);
            Assert.Contains("invalid_api_key", refused.Message, StringComparison.Ordinal);
            // The library tries again three times where the server lets it.
            Assert.Equal(before + 1, await daemon.Process.CountAsync("wrong_keys_total"));
        }
    }

    private ChatClient Chat(bool tcp, string model = "onlinerlhf:dotnet") => new(model, Key(tcp), Options(tcp));

    private ApiKeyCredential Key(bool tcp) => new(tcp ? daemon.Key : "none");

    private OpenAIClientOptions Options(bool tcp) => Options(tcp ? daemon.Process.Over(null) : daemon.Process.Client);

    private static OpenAIClientOptions Options(Client client) =>
        new() { Endpoint = new Uri(client.Http.BaseAddress!, "v1"), Transport = new HttpClientPipelineTransport(client.Http) };
}
