using OnlineRlhf.Storage.Disk;

namespace OnlineRlhf.Storage;

/// <summary>A learner's state could not be opened, read or written. The message says what happened, to which file, and what to do.</summary>
public sealed class StateException : Exception
{
    internal StateException(StateError reason, string message, Exception? inner = null)
        : base(message, inner) => Reason = reason;

    /// <summary>Why.</summary>
    public StateError Reason { get; }

    /// <summary>Turns a failure of a write, or of a read that a write needs, into the exception that this project throws.</summary>
    internal static StateException Of(Exception failure, string file) =>
        failure switch
        {
            StateException already => already,
            IOException { HResult: ErrorNumber.NoSpace or ErrorNumber.Quota or ErrorNumber.TooBig } => new StateException(
                StateError.DiskFull,
                $"No space is left to write {file}. Nothing that was acknowledged is lost: free some space, then try again.",
                failure
            ),
            IOException or UnauthorizedAccessException => new StateException(
                StateError.IoFailure,
                $"{file} could not be read or written: {failure.Message} Check the disk and the permissions, then try again.",
                failure
            ),
            _ => new StateException(
                StateError.Damaged,
                $"{file} is damaged: {failure.Message} Open it again: what can be repaired is repaired, and the file as found is kept beside it.",
                failure
            ),
        };
}
