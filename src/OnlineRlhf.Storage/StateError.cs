namespace OnlineRlhf.Storage;

/// <summary>Why a state could not be opened or written.</summary>
public enum StateError
{
    /// <summary>The state belongs to another model, feature map or dimension. The file is as it was.</summary>
    DoesNotFit,

    /// <summary>The state was written by a newer version of this program. The file is as it was.</summary>
    NewerFormat,

    /// <summary>The file holds something that this program never wrote. Opening again moves it aside and repairs what can be repaired.</summary>
    Damaged,

    /// <summary>No space, quota or file size is left. Nothing that was acknowledged is lost.</summary>
    DiskFull,

    /// <summary>Another process, or another store of this process, has the state open.</summary>
    Busy,

    /// <summary>The operating system refused a read or a write. Nothing that was acknowledged is lost.</summary>
    IoFailure,

    /// <summary>The new hyper-parameters cannot be applied to the stored local norm. The file is as it was.</summary>
    HyperParameters,

    /// <summary>The state's files were deleted, moved or replaced while open; nothing was recorded. Opening again takes what is there now.</summary>
    Removed,

    /// <summary>An earlier write failed: the store must be disposed and opened again before it can be written to.</summary>
    Faulted,
}
