using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnlineRlhf.Inference.Llama;

// Memory layout of llama.cpp 0.5.0 (llama.h, 64-bit). Another version is another layout and is refused by LlamaLibrary; a second one belongs in this file.

/// <summary>llama_model_params, 80 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 80)]
internal unsafe struct ModelParams
{
    /// <summary>Devices that hold layers, closed by a null; without a list llama.cpp takes every GPU.</summary>
    [FieldOffset(0)] internal nint* Devices;
    [FieldOffset(16)] internal int GpuLayers;
    [FieldOffset(24)] internal int LoadMode;
    [FieldOffset(48)] internal delegate* unmanaged[Cdecl]<float, void*, byte> ProgressCallback;
    [FieldOffset(56)] internal void* ProgressUserData;
    [FieldOffset(72)] internal byte VocabularyOnly;
    [FieldOffset(73)] internal byte CheckTensors;
    [FieldOffset(74)] internal byte UseExtraBufferTypes;

    internal const int LoadWithMemoryMap = 1;
}

/// <summary>llama_context_params, 160 bytes; declared larger, which every calling convention in use accepts, since a struct of this size travels in memory.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal unsafe struct ContextParams
{
    [FieldOffset(0)] internal uint ContextCells;
    [FieldOffset(4)] internal uint Batch;
    [FieldOffset(8)] internal uint MicroBatch;
    [FieldOffset(12)] internal uint SequencesMax;
    [FieldOffset(20)] internal uint OutputsMax;
    [FieldOffset(24)] internal uint OutputsMaxPerSequence;
    [FieldOffset(28)] internal int Threads;
    [FieldOffset(32)] internal int ThreadsBatch;
    [FieldOffset(44)] internal int PoolingType;
    [FieldOffset(88)] internal delegate* unmanaged[Cdecl]<nint, byte, void*, byte> EvaluationCallback;
    [FieldOffset(96)] internal void* EvaluationUserData;
    [FieldOffset(112)] internal delegate* unmanaged[Cdecl]<void*, byte> AbortCallback;
    [FieldOffset(120)] internal void* AbortUserData;
    [FieldOffset(128)] internal byte Embeddings;
    [FieldOffset(129)] internal byte OffloadKeysAndValues;
    [FieldOffset(130)] internal byte NoPerformanceCounters;
    [FieldOffset(131)] internal byte OperationOffload;
    [FieldOffset(132)] internal byte FullSlidingWindow;
    [FieldOffset(133)] internal byte UnifiedCache;

    /// <summary>Whether the library's own defaults stand where this layout expects them.</summary>
    internal readonly bool HoldsDefaults => ContextCells == 512 && Batch == 2048 && SequencesMax == 1 && OutputsMaxPerSequence == 1
        && (Embeddings, OffloadKeysAndValues, NoPerformanceCounters, OperationOffload, FullSlidingWindow, UnifiedCache) == (0, 1, 1, 1, 1, 0);
}

/// <summary>llama_batch, 56 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeBatch
{
    internal int Count;
    internal int* Token;
    internal float* Embedding;
    internal int* Position;
    internal int* SequenceCount;
    internal int** Sequences;
    internal sbyte* Output;
}

/// <summary>llama_chat_message.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeChatMessage
{
    internal byte* Role;
    internal byte* Content;
}

/// <summary>llama_token_data.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TokenData
{
    internal int Token;
    internal float Logit;
    internal float Probability;
}

/// <summary>llama_token_data_array.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TokenDataArray
{
    internal TokenData* Data;
    internal nuint Count;
    internal long Selected;
    internal byte Sorted;
}
