using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage.Disk;
using OnlineRlhf.Storage.Layout;

namespace OnlineRlhf.Storage.Recovery;

/// <summary>
/// Opens the state of a directory: reads it and carries out the log. Writes a new file where the old one is
/// missing, damaged, of an earlier version, or has other hyper-parameters.
/// </summary>
internal static class StateOpening
{
    /// <summary>Opens the state. <paramref name="create"/> makes the store, which then owns the database.</summary>
    public static T Open<T>(
        ProfileDirectory directory,
        StateIdentity identity,
        Func<StateIdentity, StateIdentity?> recognise,
        HyperParameters wanted,
        DiskProbe? probe,
        Func<ProfileDirectory, StateDatabase, LoadedState, T> create
    )
    {
        directory.RemoveNew();
        LoadedState state = File.Exists(directory.DataPath) ? Load(directory, identity, recognise, probe) : Fresh(directory, identity, wanted, probe);
        bool changes = state.Model is { } found && found.HyperParameters != wanted;
        // This comes before any write: where the model cannot be converted, nothing changes, and the next start reports the damage again.
        if (changes)
        {
            state = state with
            {
                Model = HyperParameterChange.Apply(state.Model!, wanted),
                Report = state.Report with { HyperParametersChanged = true },
            };
        }
        bool damaged = !state.Report.IsClean;
        if (damaged)
            state = state with { Report = state.Report with { MovedAsideTo = directory.CopyAside() } };
        if (changes || damaged)
            state = Rebuild(directory, state, probe, wanted);
        else if (state.Version < StateFormat.Version)
            state = CarryOver(directory, state, probe, wanted);
        else
            ApplyLog(directory, probe);
        // Also where nothing was written now: a process that was killed may have put the file in place and not synced its name.
        directory.Sync(probe);
        // A second engine, since the first one has read everything and keeps it in its cache.
        StateDatabase database = StateDatabase.OpenToWrite(directory.DataPath, directory.LogPath, probe);
        try
        {
            return create(directory, database, state);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private static LoadedState Fresh(ProfileDirectory directory, StateIdentity identity, HyperParameters wanted, DiskProbe? probe)
    {
        LoadedState nothing = StateLoader.Nothing(identity);
        return Rebuild(directory, nothing with { Report = nothing.Report with { Outcome = RecoveryOutcome.Fresh } }, probe, wanted);
    }

    private static LoadedState Load(
        ProfileDirectory directory,
        StateIdentity identity,
        Func<StateIdentity, StateIdentity?> recognise,
        DiskProbe? probe
    )
    {
        try
        {
            using StateDatabase database = StateDatabase.OpenToRead(directory.DataPath, directory.LogPath, probe);
            return StateLoader.Load(database, directory.DataPath, identity, recognise);
        }
        catch (Exception damaged) when (damaged is not (StateException or IOException or UnauthorizedAccessException))
        {
            return StateLoader.Nothing(identity, $"The file cannot be opened: {damaged.Message}");
        }
    }

    /// <summary>
    /// Writes a state of an earlier version anew. Where the disk refuses that, the old file serves on, and nothing is recorded in it.
    /// </summary>
    private static LoadedState CarryOver(ProfileDirectory directory, LoadedState state, DiskProbe? probe, HyperParameters wanted)
    {
        try
        {
            return Rebuild(directory, state, probe, wanted);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            StateException refusal = StateException.Of(refused, directory.NewPath);
            string problem =
                $"The state has format {state.Version} and could not be written in format {StateFormat.Version}. "
                + $"It serves on, and nothing is recorded until it can be written: {refusal.Message}";
            return state with { Refusal = refusal, Report = state.Report with { Problems = [problem] } };
        }
    }

    private static LoadedState Rebuild(ProfileDirectory directory, LoadedState state, DiskProbe? probe, HyperParameters wanted)
    {
        ApplyLog(directory, probe);
        StateDatabase.ResetLog(directory.LogPath, StateFormat.LargestTransaction(state.Identity.Dimension), probe);
        OnePassRewardModel model = state.Model ?? new OnePassRewardModel(state.Identity.Dimension, wanted);
        return state with { Model = model, Checkpoints = StateBuilder.Build(directory, state, model, probe) };
    }

    private static void ApplyLog(ProfileDirectory directory, DiskProbe? probe)
    {
        if (File.Exists(directory.DataPath) && File.Exists(directory.LogPath))
            StateDatabase.ApplyLog(directory.DataPath, directory.LogPath, probe);
    }
}
