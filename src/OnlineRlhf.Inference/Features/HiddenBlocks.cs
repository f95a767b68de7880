using System.Numerics.Tensors;

namespace OnlineRlhf.Inference.Features;

/// <summary>
/// The hidden states h_t of one answer, reduced while they arrive to three means: of all, of the first three, and of the last three.
/// </summary>
/// <remarks>h_t is the post-norm last-layer state at the answer's token t. The end-of-turn token is included. O(embedding) memory.</remarks>
public sealed class HiddenBlocks
{
    /// <summary>The number of blocks: all, opening and ending.</summary>
    public const int Count = 3;

    private const int Edge = 3;
    private readonly int _width;
    private readonly float[] _sum,
        _opening,
        _last;

    internal HiddenBlocks(int width)
    {
        _width = width;
        _sum = new float[width];
        _opening = new float[width];
        _last = new float[width * Edge];
    }

    /// <summary>How many hidden states were added: the answer's tokens.</summary>
    public int Tokens { get; private set; }

    /// <summary>The width of one block.</summary>
    public int Width => _width;

    /// <summary>Whether every state was finite. A value that is not finite stays in the sum, so the sum tells.</summary>
    internal bool IsFinite => TensorPrimitives.IsFiniteAll<float>(_sum);

    /// <summary>The same states, to which others can be added.</summary>
    internal HiddenBlocks Copy()
    {
        var copy = new HiddenBlocks(_width) { Tokens = Tokens };
        _sum.CopyTo(copy._sum, 0);
        _opening.CopyTo(copy._opening, 0);
        _last.CopyTo(copy._last, 0);
        return copy;
    }

    internal void Add(ReadOnlySpan<float> state)
    {
        TensorPrimitives.Add(_sum, state, _sum);
        if (Tokens < Edge)
            TensorPrimitives.Add(_opening, state, _opening);
        state.CopyTo(_last.AsSpan(Tokens % Edge * _width, _width));
        Tokens++;
    }

    /// <summary>Writes the three means one after the other, or zeros if no token was added.</summary>
    internal void CopyTo(Span<float> blocks)
    {
        blocks[..(Count * _width)].Clear();
        if (Tokens == 0)
            return;
        int edge = Math.Min(Tokens, Edge);
        TensorPrimitives.Divide(_sum, Tokens, blocks[.._width]);
        TensorPrimitives.Divide(_opening, edge, blocks.Slice(_width, _width));
        Span<float> ending = blocks.Slice(2 * _width, _width);
        for (int i = 0; i < edge; i++)
            TensorPrimitives.Add(ending, _last.AsSpan(i * _width, _width), ending);
        TensorPrimitives.Divide(ending, edge, ending);
    }
}
