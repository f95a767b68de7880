namespace OnlineRlhf.Daemon.Cli.Watch;

/// <summary>Finds the plain keys in the bytes that a terminal sends. The digits inside the sequence of a function key are not keys.</summary>
internal sealed class KeyReader
{
    private const byte Escape = 0x1B;
    private Place _place;

    private enum Place
    {
        Plain,
        AfterEscape,
        Sequence,
    }

    /// <summary>Returns the key of a byte; null for a part of a sequence. A sequence may arrive in pieces.</summary>
    internal char? Read(byte sent)
    {
        switch (_place)
        {
            case Place.AfterEscape:
                // The key after a lone Escape is lost. That is better than reporting a key that nobody pressed.
                _place =
                    sent == Escape ? Place.AfterEscape
                    : sent is (byte)'[' or (byte)'O' ? Place.Sequence
                    : Place.Plain;
                return null;
            case Place.Sequence:
                _place = sent is >= 0x40 and <= 0x7E && sent != '[' ? Place.Plain : Place.Sequence;
                return null;
            default:
                _place = sent == Escape ? Place.AfterEscape : Place.Plain;
                return sent is > 0x20 and < 0x7F ? (char)sent : null;
        }
    }
}
