using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage.Disk;
using OnlineRlhf.Storage.Layout;

namespace OnlineRlhf.Storage.Recovery;

/// <summary>
/// Opens the state of a directory: reads it and carries out the log. Writes a new file where the old one is
/// missing, damaged, or has other hyper-parameters.
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
        RecoveryReport report = state.Report;
        bool changes = state.Model is { } found && found.HyperParameters != wanted;
        // This comes before any write: where the model cannot be converted, nothing changes, and the next start reports the damage again.
        if (changes)
        {
            state = state with { Model = HyperParameterChange.Apply(state.Model!, wanted) };
            report = report with { HyperParametersChanged = true };
        }
        if (!report.IsClean)
            report = report with { MovedAsideTo = directory.CopyAside() };
        if (changes || !report.IsClean)
            state = Rebuild(directory, state, probe, wanted);
        else
            ApplyLog(directory, probe);
        // Also where nothing was written now: a process that was killed may have put the file in place and not synced its name.
        directory.Sync(probe);
        // A second engine, since the first one has read everything and keeps it in its cache.
        StateDatabase database = StateDatabase.OpenToWrite(directory.DataPath, directory.LogPath, probe);
        try
        {
            return create(directory, database, state with { Report = report });
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

    private static LoadedState Rebuild(ProfileDirectory directory, LoadedState state, DiskProbe? probe, HyperParameters wanted)
    {
        ApplyLog(directory, probe);
        StateDatabase.ResetLog(directory.LogPath, StateFormat.LargestTransaction(state.Identity.Dimension), probe);
        OnePassRewardModel model = state.Model ?? new OnePassRewardModel(state.Identity.Dimension, wanted);
        StateBuilder.Build(directory, state.Identity, model, state.Slots, probe);
        CheckpointRecord?[] checkpoints = [StateBuilder.Checkpoint(1, model), StateBuilder.Checkpoint(2, model)];
        return state with { Model = model, Checkpoints = checkpoints };
    }

    private static void ApplyLog(ProfileDirectory directory, DiskProbe? probe)
    {
        if (File.Exists(directory.DataPath) && File.Exists(directory.LogPath))
            StateDatabase.ApplyLog(directory.DataPath, directory.LogPath, probe);
    }
}
