using System.Runtime.InteropServices;

namespace OnlineRlhf.Inference.Llama;

/// <summary>Owns a llama_model.</summary>
internal sealed class ModelHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMethods.llama_model_free(handle);
        return true;
    }
}

/// <summary>Owns a llama_context and keeps its model alive.</summary>
internal sealed class ContextHandle : SafeHandle
{
    private readonly ModelHandle _model;

    internal ContextHandle(ModelHandle model, ContextParams parameters)
        : base(0, ownsHandle: true)
    {
        _model = model;
        SetHandle(NativeMethods.llama_init_from_model(model, parameters));
        bool referenced = false;
        if (handle != 0)
            model.DangerousAddRef(ref referenced);
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMethods.llama_free(handle);
        _model.DangerousRelease();
        return true;
    }
}

/// <summary>A pointer into what another handle owns, which stays alive as long as this one.</summary>
internal sealed class BorrowedHandle : SafeHandle
{
    private readonly SafeHandle _owner;

    internal BorrowedHandle(SafeHandle owner, nint pointer)
        : base(0, ownsHandle: true)
    {
        bool referenced = false;
        owner.DangerousAddRef(ref referenced);
        _owner = owner;
        SetHandle(pointer);
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        _owner.DangerousRelease();
        return true;
    }
}

/// <summary>Owns a llama_sampler chain, and with it the samplers added to it.</summary>
internal sealed class SamplerHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMethods.llama_sampler_free(handle);
        return true;
    }
}
