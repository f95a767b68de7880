using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Inference.Tests.Engine;

namespace OnlineRlhf.Inference.Tests.Conversations;

/// <summary>Models that remember in other ways, such as recurrent ones: their conversations go on too.</summary>
public sealed class RememberingModelTests : ConversationTestBase
{
    public static TheoryData<string> Architectures { get; } = [.. RandomModel.Architectures];

    [Theory]
    [MemberData(nameof(Architectures))]
    public void However_a_model_remembers_it_goes_on_from_what_it_has_read(string architecture)
    {
        Model = LanguageModel.Load(Options(RandomModel.Write(architecture, FileOf(architecture))), Cancel);
        string?[] hints = [null, Hint];
        ChatMessage[] messages = Bread;
        for (int turn = 0, kept = 0; turn < 4; turn++)
        {
            // Another conversation parks it before the last turn.
            if (turn == 3)
                Answer(Sea, hints, out _);
            Prompt prompt = Model.BuildPrompt(messages, hints);
            Assert.Equal(
                prompt.Shared.Length - kept + prompt.Suffixes.Sum(s => s.Length),
                Answer(messages, hints, out IReadOnlyList<Candidate> candidates)
            );
            using LanguageModel other = LanguageModel.Load(Options(FileOf(architecture)), Cancel);
            foreach (Candidate candidate in candidates)
                MustBeAlike(candidate.Hidden, Assert.Single(other.Force(messages, [candidate.TokenIds], Cancel, candidate.Hint)));
            kept = prompt.Shared.Length;
            messages = Continued(messages, candidates.First(c => c.Hint is not null));
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void What_a_recurrent_model_remembers_of_a_sequence_is_counted(string architecture)
    {
        string path = RandomModel.Write(architecture, FileOf(architecture));
        using LanguageModel model = LanguageModel.Load(Options(path), Cancel);
        GgufFile file = GgufFile.Open(path);
        int sequence = model.Context.RentSequence();
        model.Context.Batch.Clear();
        model.Context.Batch.Add(1, 0, sequence, output: true);
        model.Context.Decode(Cancel);
        using SequenceState state = model.Context.SaveSequence(sequence);
        long cell = file.BlockCount * file.CacheWidth * 2;
        // Besides the state there are some numbers for each layer.
        Assert.InRange((long)state.Bytes, file.RecurrentStateBytes / 2, file.RecurrentStateBytes + cell + (200 * file.BlockCount) + 500);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{architecture}: {state.Bytes} bytes, {file.RecurrentStateBytes} counted, {cell} for a cell"
        );
    }
}
