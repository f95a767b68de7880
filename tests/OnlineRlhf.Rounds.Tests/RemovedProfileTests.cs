using Microsoft.Extensions.Time.Testing;
using OnlineRlhf.Inference;
using OnlineRlhf.Rounds.Feedback;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>A profile whose files are deleted, moved or replaced while it is open goes on with what is there now.</summary>
/// <remarks>Nothing is acknowledged that a restart does not find.</remarks>
public sealed class RemovedProfileTests : IDisposable
{
    private readonly Bench _bench = new(new RoundOptions { ProfilesInMemory = 1 });

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData("anna", "")]
    [InlineData("anna", "state.db")]
    [InlineData("", "")]
    [InlineData("..", "")]
    public async Task A_press_after_a_removal_is_the_first_one_of_a_new_state(string folder, string file)
    {
        await LearnAsync("anna", 3);
        Round open = await _bench.OpenAsync(profile: "anna");
        string path = Path.Combine(_bench.ProfileFolder(folder), file);
        if (file.Length > 0)
            File.Delete(path);
        else
            Directory.Delete(path, recursive: true);

        Assert.Equal(1, (await _bench.PressAsync(open.Id, Preferred.First)).Comparisons);
        Assert.Equal([RecoveryOutcome.Fresh, RecoveryOutcome.Removed, RecoveryOutcome.Fresh], _bench.Reports.Select(report => report.Outcome));
        _bench.Restart();
        Assert.Equal(1, _bench.Loop.CountComparisons("anna"));
        // The press itself is confirmed, and counts once.
        Assert.Equal(1, (await _bench.PressAsync(open.Id, Preferred.First)).Comparisons);
        Assert.Equal(2, await LearnAsync("anna", 1));
    }

    [Fact]
    public async Task What_was_deleted_is_not_served_either()
    {
        await LearnAsync("anna", 3);
        Directory.Delete(_bench.ProfileFolder("anna"), recursive: true);
        Assert.Equal(0, _bench.Loop.CountComparisons("anna"));
        Assert.False(Directory.Exists(_bench.ProfileFolder("anna")));
    }

    [Fact]
    public async Task With_the_whole_state_folder_gone_the_new_state_fits_after_a_restart()
    {
        await LearnAsync("anna", 2);
        Directory.Delete(_bench.State, recursive: true);
        Assert.Equal(1, await LearnAsync("anna", 1));
        _bench.Restart();
        Assert.Equal(2, await LearnAsync("anna", 1));
    }

    [Fact]
    public async Task The_state_that_takes_a_folders_place_is_the_one_that_is_learned_on()
    {
        await LearnAsync("ben", 5);
        await LearnAsync("anna", 2);
        Directory.Delete(_bench.ProfileFolder("anna"), recursive: true);
        Directory.Move(_bench.ProfileFolder("ben"), _bench.ProfileFolder("anna"));
        Assert.Equal(6, await LearnAsync("anna", 1));
        _bench.Restart();
        Assert.Equal(6, _bench.Loop.CountComparisons("anna"));
        Assert.Equal(0, _bench.Loop.CountComparisons("ben"));
    }

    [Fact]
    public async Task A_profile_that_is_closed_for_another_after_its_removal_starts_anew()
    {
        await LearnAsync("anna", 2);
        Directory.Delete(_bench.ProfileFolder("anna"), recursive: true);
        await LearnAsync("ben", 1);
        Assert.Contains(_bench.Reports, report => report.Outcome == RecoveryOutcome.Removed);
        Assert.False(Directory.Exists(_bench.ProfileFolder("anna")));
        Assert.Equal(1, await LearnAsync("anna", 1));
        await LearnAsync("ben", 1);
        Assert.Equal(2, await LearnAsync("anna", 1));
    }

    [Fact]
    public async Task A_file_in_the_folders_place_is_refused_in_words_until_it_is_gone()
    {
        await LearnAsync("anna", 2);
        Directory.Delete(_bench.ProfileFolder("anna"), recursive: true);
        await File.WriteAllTextAsync(_bench.ProfileFolder("anna"), "", TestContext.Current.CancellationToken);
        Round round = await _bench.OpenAsync(profile: "anna");
        StateException refused = await Assert.ThrowsAsync<StateException>(() => _bench.PressAsync(round.Id, Preferred.First));
        Assert.Contains(_bench.ProfileFolder("anna"), refused.Message, StringComparison.Ordinal);
        File.Delete(_bench.ProfileFolder("anna"));
        Assert.Equal(1, (await _bench.PressAsync(round.Id, Preferred.First)).Comparisons);
    }

    [Fact]
    public async Task A_profile_whose_files_are_removed_keeps_nobodys_press_waiting_for_the_model()
    {
        await LearnAsync("anna", 1);
        Round asked = await _bench.OpenAsync(profile: "anna"),
            other = await _bench.OpenAsync(profile: "carl");
        Directory.Delete(_bench.ProfileFolder("anna"), recursive: true);
        using var writing = new ManualResetEventSlim();
        using var end = new ManualResetEventSlim();
        // While the model works it holds its lock.
        void Work()
        {
            writing.Set();
            end.Wait(TestContext.Current.CancellationToken);
        }
        Bench.Model.Progressed += Work;
        Task<Round> round = _bench.OpenAsync("Tell me of the sea.", profile: "ben");
        try
        {
            writing.Wait(TestContext.Current.CancellationToken);
            TimeSpan limit = TimeSpan.FromSeconds(20);
            Assert.Equal(1, (await _bench.PressAsync(asked.Id, Preferred.First).WaitAsync(limit, TestContext.Current.CancellationToken)).Comparisons);
            Assert.Equal(1, (await _bench.PressAsync(other.Id, Preferred.First).WaitAsync(limit, TestContext.Current.CancellationToken)).Comparisons);
        }
        finally
        {
            Bench.Model.Progressed -= Work;
            end.Set();
            await round;
        }
    }

    [Fact]
    public async Task What_was_read_of_a_profile_is_dropped_when_its_files_are_removed_though_nobody_asks()
    {
        var clock = new FakeTimeProvider();
        using LanguageModel model = LanguageModel.Load(
            new LanguageModelOptions
            {
                ModelPath = Bench.ModelPath,
                Threads = 1,
                ContextTokens = 512,
                Clock = clock,
            },
            TestContext.Current.CancellationToken
        );
        using PreferenceLoop loop = await PreferenceLoop.OpenAsync(
            model,
            _bench.State,
            _bench.Options,
            TimeProvider.System,
            cancellationToken: TestContext.Current.CancellationToken
        );
        RoundRequest request = Bench.Ask(profile: "anna", ask: AskMode.Always);
        Round round = await loop.OpenRoundAsync(request, TestContext.Current.CancellationToken);
        await loop.GiveFeedbackAsync(round.Id, Preferred.First, TestContext.Current.CancellationToken);
        clock.Advance(TimeSpan.FromSeconds(30));
        Assert.True(model.PromptTokens(request.Messages, "anna") < model.PromptTokens(request.Messages, null));
        Directory.Delete(_bench.ProfileFolder("anna"), recursive: true);
        clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(model.PromptTokens(request.Messages, null), model.PromptTokens(request.Messages, "anna"));
    }

    [Fact]
    public async Task A_checkpoint_that_is_due_ends_with_the_files_and_is_told()
    {
        var identity = new StateIdentity(Bench.Model.Fingerprint, _bench.Loop.FeatureMap.Fingerprint, _bench.Loop.FeatureMap.Dimension);
        using (var store = ProfileStore.Open(_bench.ProfileFolder("anna"), identity, _bench.Options.HyperParameters))
        {
            for (int i = 0; i < (identity.Dimension / 2) - 1; i++)
                store.Append(Guid.NewGuid(), new float[identity.Dimension], 1, ComparisonKind.Press);
        }
        // The press that makes a checkpoint due: it is written in some hundred steps from now on, by a task of its own.
        await LearnAsync("anna", 1);
        Directory.Delete(_bench.ProfileFolder("anna"), recursive: true);
        Assert.Equal(1, await LearnAsync("anna", 1));
        Assert.Contains(_bench.Reports, report => report.Outcome == RecoveryOutcome.Removed);
        _bench.Restart();
        Assert.Equal(1, _bench.Loop.CountComparisons("anna"));
    }

    private async Task<long> LearnAsync(string profile, int times)
    {
        long comparisons = 0;
        for (int i = 0; i < times; i++)
            comparisons = (await _bench.PressAsync((await _bench.OpenAsync(profile: profile, seed: (uint)i)).Id, Preferred.First)).Comparisons;
        return comparisons;
    }
}
