using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Engine;

/// <summary>
/// The file is changed while the model is used: llama.cpp reads the weights from it, and the kernel ends the process where they are gone.
/// </summary>
public sealed class ModelFileChangeTests : IDisposable
{
    private static readonly ChatMessage[] Question = [new("user", "How do I boil an egg?")];
    private readonly string _folder = Directory.CreateTempSubdirectory("onlinerlhf-change-").FullName;

    public static TheoryData<string, Action<string>> Changes =>
        new()
        {
            { "cut", path => Write(path, file => file.SetLength(200_000)) },
            { "emptied", path => Write(path, file => file.SetLength(0)) },
            { "longer", path => Write(path, file => file.SetLength(file.Length + 1)) },
            {
                "weights written over",
                path =>
                    Write(
                        path,
                        file =>
                        {
                            file.Position = 1_000_000;
                            file.WriteByte(1);
                        }
                    )
            },
            { "written over with its old time", WriteSecretly },
            {
                "replaced",
                path =>
                {
                    File.Copy(path, path + ".new");
                    File.Move(path + ".new", path, overwrite: true);
                }
            },
            { "removed", File.Delete },
        };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_change_is_told_before_anything_is_decoded(string change, Action<string> make)
    {
        string path = Copy();
        using LanguageModel model = LanguageModel.Load(Models.Options(path), Cancel);
        List<InferenceException> told = [];
        model.FileChanged += told.Add;
        Assert.NotEmpty(Ask(model));
        make(path);
        foreach (
            Action request in new Action[]
            {
                () => Ask(model),
                () => model.Force(Question, ["Hello."], Cancel),
                () => model.PromptTokens(Question),
                () => FeatureMap.Calibrate(model, Cancel),
            }
        )
        {
            InferenceException refused = Assert.Throws<InferenceException>(request);
            Assert.True(refused.Error == InferenceError.ModelChanged, $"{change}: {refused.Message}");
            Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        }
        Assert.Equal(4, told.Count);
    }

    [Fact]
    public void A_change_in_the_middle_of_a_request_ends_it()
    {
        string path = Copy();
        using LanguageModel model = LanguageModel.Load(Models.Options(path), Cancel);
        int steps = 0;
        model.Progressed += () =>
        {
            if (++steps == 5)
                Write(path, file => file.SetLength(200_000));
        };
        Assert.Equal(InferenceError.ModelChanged, Assert.Throws<InferenceException>(() => Ask(model)).Error);
        Assert.Equal(5, steps);
    }

    [Fact]
    public void A_change_during_the_last_decode_is_told_behind_it()
    {
        string path = Copy();
        using LanguageModel model = LanguageModel.Load(Models.Options(path), Cancel);
        model.Progressed += () => Write(path, file => file.WriteByte((byte)'G'));
        Assert.Equal(
            InferenceError.ModelChanged,
            Assert
                .Throws<InferenceException>(() =>
                    model.OnDevice(() =>
                    {
                        model.Context.Clear();
                        model.Context.Batch.Clear();
                        model.Context.Batch.Add(1, 0, 0, output: true);
                        model.Context.Decode(Cancel);
                        return true;
                    })
                )
                .Error
        );
    }

    [Fact]
    public void A_change_of_any_part_is_told()
    {
        string first = PatchedModel.Split(_folder, 3);
        using LanguageModel model = LanguageModel.Load(Models.Options(first), Cancel);
        Assert.NotEmpty(Ask(model));
        string third = first.Replace("-00001-", "-00003-", StringComparison.Ordinal);
        Write(third, file => file.SetLength(4096));
        Assert.Contains(third, Assert.Throws<InferenceException>(() => Ask(model)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Looking_costs_next_to_nothing()
    {
        GgufFile file = GgufFile.Open(Copy());
        file.RequireUnchanged();
        double microseconds = double.MaxValue;
        const int looks = 50;
        // The fastest of many: others use the machine too.
        for (int run = 0; run < 200; run++)
        {
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            for (int i = 0; i < looks; i++)
                file.RequireUnchanged();
            microseconds = Math.Min(microseconds, System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMicroseconds / looks);
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"{microseconds:F2} µs");
        Assert.InRange(microseconds, 0, 100);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static IReadOnlyList<Candidate> Ask(LanguageModel model) =>
        model.Sample(Question, new string?[2], new SamplingOptions { MaxTokens = 10 }, cancellationToken: Cancel);

    private static void WriteSecretly(string path)
    {
        DateTime time = File.GetLastWriteTimeUtc(path);
        Write(path, file => file.WriteByte((byte)'G'));
        File.SetLastWriteTimeUtc(path, time);
    }

    private static void Write(string path, Action<FileStream> write)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        write(file);
    }

    private string Copy()
    {
        string path = Path.Combine(_folder, "model.gguf");
        File.Copy(DemoModelFile.Path, path);
        return path;
    }
}
