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

/// <summary>OpenAI's own library for .NET, which is strict about what it reads, and Microsoft.Extensions.AI over it.</summary>
public sealed class DotNetClientTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    private const string Question = "How do I boil an egg?";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [PublishedFact]
    public async Task It_lists_models()
    {
        OpenAIModelClient models = new(new ApiKeyCredential("none"), Options());
        OpenAIModelCollection all = (await models.GetModelsAsync(Cancel)).Value;
        Assert.Contains("onlinerlhf", all.Select(m => m.Id));
        OpenAIModel one = (await models.GetModelAsync("onlinerlhf", Cancel)).Value;
        Assert.Equal(("onlinerlhf", "onlinerlhf"), (one.Id, one.OwnedBy));
        Assert.InRange(one.CreatedAt, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow);
    }

    [PublishedFact]
    public async Task It_chats_goes_on_and_asks_again()
    {
        ChatClient chat = Chat();
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

    [PublishedFact]
    public async Task It_streams()
    {
        string text = "";
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;
        int parts = 0;
        await foreach (
            StreamingChatCompletionUpdate update in Chat().CompleteChatStreamingAsync([new UserChatMessage(Question)], cancellationToken: Cancel)
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

    [PublishedFact]
    public async Task It_sets_all_options()
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
            await Chat().CompleteChatAsync([new SystemChatMessage("Be brief."), new UserChatMessage(Question)], options, Cancel)
        ).Value;
        Assert.Equal(ChatFinishReason.Length, answer.FinishReason);
        Assert.Equal(4, answer.Usage.OutputTokenCount);
    }

    [PublishedFact]
    public async Task It_reads_errors()
    {
        var options = new ChatCompletionOptions { ResponseFormat = ChatResponseFormat.CreateJsonObjectFormat() };
        ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(() =>
            Chat().CompleteChatAsync([new UserChatMessage(Question)], options, Cancel)
        );
        Assert.Equal(400, refused.Status);
        Assert.Contains("response_format", refused.Message, StringComparison.Ordinal);
        string words = string.Join(' ', Enumerable.Repeat("fern", 5000));
        refused = await Assert.ThrowsAsync<ClientResultException>(() =>
            Chat().CompleteChatAsync([new UserChatMessage(words)], cancellationToken: Cancel)
        );
        Assert.Contains("context_length_exceeded", refused.Message, StringComparison.Ordinal);
        refused = await Assert.ThrowsAsync<ClientResultException>(() =>
            Chat("onlinerlhf:no/such").CompleteChatAsync([new UserChatMessage(Question)], cancellationToken: Cancel)
        );
        Assert.Equal(404, refused.Status);
    }

    [PublishedFact]
    public async Task Microsofts_extensions_work_over_it()
    {
        using IChatClient chat = Chat("onlinerlhf:extensions").AsIChatClient();
        ChatResponse answer = await chat.GetResponseAsync(Question, cancellationToken: Cancel);
        Assert.NotEmpty(answer.Text);
        List<ChatResponseUpdate> updates = await chat.GetStreamingResponseAsync(
                [new(ChatRole.User, Question), .. answer.Messages, new(ChatRole.User, "And tea?")],
                cancellationToken: Cancel
            )
            .ToListAsync(Cancel);
        Assert.NotEmpty(updates.ToChatResponse().Text);
    }

    private ChatClient Chat(string model = "onlinerlhf:dotnet") => new(model, new ApiKeyCredential("none"), Options());

    private OpenAIClientOptions Options() =>
        new() { Endpoint = new Uri("http://localhost/v1"), Transport = new HttpClientPipelineTransport(daemon.Client.Http) };
}
