using System.Runtime.InteropServices;
using System.Text;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>A candidate that is being written: its thoughts, if the model thinks, and then its answer.</summary>
internal sealed class Track(CandidateSampler sampler, Vocabulary vocabulary, AnswerLimits limits, int embedding, int sequence, int position)
{
    private ThoughtFilter _filter = new(limits.Thinking);

    // The token that would begin unwanted thoughts; null if the marker consists of several tokens.
    private int? _unwanted = limits.Thinking is { IsOn: false, Format: { } format } ? TokenOf(format.Open, vocabulary) : null;
    private readonly Queue<int> _forced = new();
    private readonly List<byte> _piece = [],
        _bytes = [];

    // How many bytes the answer had after each of its tokens.
    private readonly List<int> _lengths = [];
    private string? _text;
    private int _drawn;
    private bool _isAnswer,
        _isFinite = true;

    internal CandidateSampler Sampler { get; } = sampler;

    /// <summary>The hidden states of the answer so far.</summary>
    internal HiddenBlocks Hidden { get; private set; } = new(embedding);

    internal int Sequence { get; } = sequence;

    internal int Position { get; set; } = position;

    /// <summary>The tokens of the answer so far.</summary>
    internal List<int> TokenIds { get; } = [];

    /// <summary>Whether thoughts came before the answer.</summary>
    internal bool HasThoughts => _drawn > TokenIds.Count;

    /// <summary>The last token, which may belong to the answer or to thoughts.</summary>
    internal int Token { get; private set; }

    /// <summary>Whether the last token was drawn. It may still have to be decoded for its hidden state.</summary>
    internal bool Ended { get; private set; }

    /// <summary>The answer so far.</summary>
    internal string Text => Ended ? _text ??= Read() : Read();

    /// <summary>Whether the text so far may still turn out to be thoughts.</summary>
    internal bool MayBeThoughts => !Ended && _filter.MayBeThoughts;

    private bool Complete { get; set; }

    /// <summary>Whether all outputs so far were finite.</summary>
    internal bool IsFinite => _isFinite && Hidden.IsFinite;

    /// <summary>Whether nothing is left to decode: the answer has ended, and its last hidden state is there.</summary>
    internal bool IsDone => Ended && (!_isFinite || !Hidden.IsFinite || Hidden.Tokens == TokenIds.Count);

    /// <summary>
    /// A second candidate that continues this one differently. The caller copies the sequence. It may be called at the end of a block only, when no
    /// drawn token waits to be decoded.
    /// </summary>
    /// <param name="sampler">Draws the tokens of the copy.</param>
    /// <param name="sequence">The sequence of the copy.</param>
    internal Track Fork(CandidateSampler sampler, int sequence)
    {
        sampler.Remember(TokenIds);
        var fork = new Track(sampler, vocabulary, limits, embedding, sequence, Position)
        {
            _filter = _filter.Copy(),
            _unwanted = _unwanted,
            _drawn = _drawn,
            _isAnswer = _isAnswer,
            _isFinite = _isFinite,
            Hidden = Hidden.Copy(),
            Token = Token,
            Ended = Ended,
            Complete = Complete,
        };
        fork.TokenIds.AddRange(TokenIds);
        fork._bytes.AddRange(_bytes);
        fork._lengths.AddRange(_lengths);
        return fork;
    }

    /// <summary>Takes the hidden state of the last token. States of thoughts are ignored.</summary>
    internal void AddHidden(ReadOnlySpan<float> state)
    {
        if (_isAnswer)
            Hidden.Add(state);
    }

    /// <summary>
    /// Draws the next token, or takes the next token of the text that closes thoughts. If the model's output is not finite, the answer ends.
    /// </summary>
    internal void Take(ReadOnlySpan<float> logits)
    {
        if (_forced.Count == 0 && _filter.Inside is not null && _drawn >= limits.Thoughts)
            CloseThoughts();
        int? next = _forced.Count > 0 ? _forced.Dequeue() : Sampler.Draw(logits, _filter.Inside is null ? _unwanted : null);
        if (next is not { } token)
        {
            (_isFinite, Ended) = (false, true);
            return;
        }
        bool ends = vocabulary.IsEndOfGeneration(token);
        if (ends && _filter.Inside is not null)
        {
            // The model ended its turn inside of its thoughts, but the answer is still wanted.
            CloseThoughts();
            ends = !_forced.TryDequeue(out token);
        }
        Add(token, ends);
    }

    internal Candidate ToCandidate(string? hint) =>
        new(Text, TokenIds.Count, Complete, hint, Hidden) { TokenIds = TokenIds, Thoughts = _drawn - TokenIds.Count };

    /// <summary>What the first tokens of the answer say, without an end at which the answer may be cut.</summary>
    internal string TextOf(int tokens) => Trimmed(limits.Stops.HoldBack(Raw(BytesOf(tokens))));

    private int BytesOf(int tokens) =>
        tokens >= TokenIds.Count ? _bytes.Count
        : tokens == 0 ? 0
        : _lengths[tokens - 1];

    private string Read() => Trimmed(Raw(_bytes.Count));

    private string Raw(int bytes) => Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(_bytes)[..bytes]).TrimEnd('\uFFFD');

    private string Trimmed(string text) => limits.IsContinued ? text.TrimEnd() : text.Trim();

    private void Add(int token, bool ends)
    {
        Token = token;
        _drawn++;
        _piece.Clear();
        if (!ends)
            vocabulary.AppendPiece(token, control: true, _piece);
        _isAnswer = ends || _filter.Take(CollectionsMarshal.AsSpan(_piece));
        if (_isAnswer)
        {
            TokenIds.Add(token);
            int searched = _bytes.Count;
            if (!ends)
                vocabulary.AppendPiece(token, control: false, _bytes);
            ends |= CutAtStop(searched);
            _lengths.Add(_bytes.Count);
        }
        else
        {
            Hidden = new HiddenBlocks(embedding);
            TokenIds.Clear();
            _lengths.Clear();
            _bytes.Clear();
            _bytes.AddRange(_filter.Rest);
            ends |= CutAtStop(0);
        }
        Complete = ends;
        Ended = ends || TokenIds.Count >= limits.Answer || _drawn >= limits.Room;
    }

    /// <summary>Cuts the answer where a stop text begins.</summary>
    private bool CutAtStop(int searched)
    {
        if (limits.Stops.Find(CollectionsMarshal.AsSpan(_bytes), searched) is not { } stop)
            return false;
        _bytes.RemoveRange(stop, _bytes.Count - stop);
        for (int i = 0; i < _lengths.Count; i++)
            _lengths[i] = Math.Min(_lengths[i], stop);
        return true;
    }

    private void CloseThoughts()
    {
        List<int> tokens = [];
        ThoughtFormat format = _filter.Inside!;
        vocabulary.Tokenize(format.Cut, control: true, tokens);
        tokens.ForEach(_forced.Enqueue);
        _unwanted = TokenOf(format.Open, vocabulary);
    }

    /// <summary>The token that a marker consists of; null if it consists of several.</summary>
    private static int? TokenOf(string marker, Vocabulary vocabulary)
    {
        List<int> tokens = [];
        vocabulary.Tokenize(marker, control: true, tokens);
        return tokens is [var token] ? token : null;
    }
}
