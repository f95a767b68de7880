using System.Globalization;

namespace OnlineRlhf.Experiments.Cells;

/// <summary>The K-th of N shares of the cells.</summary>
internal sealed record Share(int K, int N)
{
    internal static Share All { get; } = new(1, 1);

    internal static bool TryParse(string text, out Share share)
    {
        share = All;
        string[] parts = text.Split('/');
        if (parts.Length != 2 || !Read(parts[0], out int k) || !Read(parts[1], out int n) || k < 1 || k > n)
            return false;
        share = new Share(k, n);
        return true;

        static bool Read(string part, out int number) => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Whether a cell belongs to this share. Neighbouring cells cost about the same, so they go to different shares.</summary>
    internal bool Holds(int index) => index % N == K - 1;
}
