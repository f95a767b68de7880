using OnlineRlhf.Inference.Features;
using OnlineRlhf.Rounds.Feedback;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>Another build of the engine measures other scales; what a profile has learned is served with those that it was created with.</summary>
public sealed class ScaleTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(1.002)]
    [InlineData(3)]
    public async Task A_profile_goes_on_with_the_scales_that_it_was_founded_with(double factor)
    {
        await LearnAsync("anna");
        (CandidateSet set, Choice choice) = await SampleAsync("anna");
        RestartWith(c => c * factor);
        (CandidateSet again, Choice chosen) = await SampleAsync("anna");
        Assert.Equal(set.Features[0].ToArray(), again.Features[0].ToArray());
        Assert.Equal(choice, chosen);
        Assert.Equal(2, await LearnAsync("anna"));
        // Who comes now gets what is measured now.
        Assert.NotEqual(set.Features[0].ToArray(), (await SampleAsync("ben")).Set.Features[0].ToArray());
        await LearnAsync("ben");
        RestartWith(c => c / factor);
        Assert.Equal(3, await LearnAsync("anna"));
        Assert.Equal(2, await LearnAsync("ben"));
    }

    [Fact]
    public async Task A_state_that_is_founded_by_a_press_has_the_scales_of_its_round()
    {
        await LearnAsync("anna");
        RestartWith(c => c * 3);
        (CandidateSet set, _) = await SampleAsync("anna");
        Round round = await _bench.OpenAsync(profile: "anna", ask: AskMode.Always);
        Directory.Delete(_bench.ProfileFolder("anna"), recursive: true);
        Assert.Equal(1, (await _bench.PressAsync(round.Id, Preferred.First)).Comparisons);
        Assert.Equal(set.Features[0].ToArray(), (await SampleAsync("anna")).Set.Features[0].ToArray());
    }

    [Fact]
    public async Task A_press_is_refused_where_a_state_with_other_scales_took_the_place_of_its_rounds()
    {
        RestartWith(c => c * 3);
        await LearnAsync("ben");
        RestartWith(c => c / 3);
        await LearnAsync("anna");
        Round round = await _bench.OpenAsync(profile: "anna", ask: AskMode.Always);
        Directory.Delete(_bench.ProfileFolder("anna"), recursive: true);
        Directory.Move(_bench.ProfileFolder("ben"), _bench.ProfileFolder("anna"));
        Assert.Equal(RoundError.StateChanged, await _bench.RefusalAsync(round.Id, Preferred.First));
        Assert.Equal(1, _bench.Loop.CountComparisons("anna"));
        Assert.Equal(2, await LearnAsync("anna"));
    }

    [Fact]
    public async Task What_a_client_brings_is_read_with_the_same_scales()
    {
        await LearnAsync("anna");
        ComparisonRequest brought = new([new("user", "Tell me a joke.")], "A short one.", "A long one, with a horse in it.") { Profile = "anna" };
        float[] difference = await _bench.Loop.CompareAsync(brought, Cancel);
        RestartWith(c => c * 2);
        Assert.Equal(difference, await _bench.Loop.CompareAsync(brought, Cancel));
        Assert.NotEqual(difference, await _bench.Loop.CompareAsync(brought with { Profile = "ben" }, Cancel));
    }

    [Fact]
    public async Task A_state_that_does_not_hold_its_scales_is_served_with_those_that_fit_its_map()
    {
        FoundWithoutScales("anna");
        (CandidateSet set, _) = await SampleAsync("anna");
        RestartWith(c => c * 1.01);
        Assert.Equal(set.Features[0].ToArray(), (await SampleAsync("anna")).Set.Features[0].ToArray());
        // Where its file is written anew it holds them.
        _bench.Restart(o => o with { HyperParameters = o.HyperParameters with { StepSize = 0.5 } });
        Assert.Equal(2, await LearnAsync("anna"));
        RestartWith(c => c * 3);
        Assert.Equal(set.Features[0].ToArray(), (await SampleAsync("anna")).Set.Features[0].ToArray());
        Assert.Equal(3, await LearnAsync("anna"));
    }

    [Fact]
    public async Task A_state_of_another_feature_map_is_refused_and_left_as_it_is()
    {
        FoundWithoutScales("anna");
        string file = Directory.EnumerateFiles(_bench.ProfileFolder("anna")).First();
        byte[] before = await File.ReadAllBytesAsync(file, Cancel);
        RestartWith(c => c * 3);
        StateException refused = await Assert.ThrowsAsync<StateException>(() => _bench.OpenAsync(profile: "anna"));
        Assert.Equal(StateError.DoesNotFit, refused.Reason);
        Assert.Equal(before, await File.ReadAllBytesAsync(file, Cancel));
        Assert.NotEmpty((await _bench.OpenAsync(profile: "ben")).First.Text);
    }

    /// <summary>As earlier versions created it.</summary>
    private void FoundWithoutScales(string profile)
    {
        FeatureMap map = _bench.Loop.FeatureMap;
        using var store = ProfileStore.Open(
            _bench.ProfileFolder(profile),
            new StateIdentity(Bench.Model.Fingerprint, map.Fingerprint, map.Dimension),
            _bench.Options.HyperParameters
        );
        store.Append(Guid.NewGuid(), [.. Enumerable.Repeat(0.1f, map.Dimension)], 1, ComparisonKind.Press);
    }

    /// <summary>Starts again where the scales were measured to be others.</summary>
    private void RestartWith(Func<double, double> change)
    {
        double[] scales = [.. _bench.Loop.FeatureMap.Scales.Select(c => double.Parse($"{change(c):E2}", null))];
        CalibrationFile.Write(_bench.State, FeatureMap.CalibrationKey(Bench.Model), scales);
        _bench.Restart();
    }

    private async Task<(CandidateSet Set, Choice Choice)> SampleAsync(string profile)
    {
        CandidateSet set = await _bench.Loop.SampleAsync(Bench.Ask(profile: profile, ask: AskMode.Always), Cancel);
        return (set, _bench.Loop.Choose(set));
    }

    private async Task<long> LearnAsync(string profile) =>
        (await _bench.PressAsync((await _bench.OpenAsync(profile: profile, ask: AskMode.Always)).Id, Preferred.First)).Comparisons;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
