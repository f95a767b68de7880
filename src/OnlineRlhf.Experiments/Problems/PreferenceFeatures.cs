using System.IO.Hashing;
using System.Text;

namespace OnlineRlhf.Experiments.Problems;

/// <summary>
/// Human preferences as a learner sees them: z = φ(chosen) − φ(rejected) of each pair, its prompt as a number, and the lengths of both answers.
/// The features verb writes it once. It holds no text.
/// </summary>
internal sealed class PreferenceFeatures
{
    private const string Magic = "onlinerlhf preference features 2";

    private const int LeastPrompts = 8;

    /// <summary>The language model's name.</summary>
    internal required string Model { get; init; }

    /// <summary>Tells feature maps and models apart.</summary>
    internal required string Fingerprint { get; init; }

    internal required int Dimension { get; init; }

    /// <summary>Pairs of the data set that are not here: malformed, empty, or longer than the model's context.</summary>
    internal required int Skipped { get; init; }

    /// <summary>Pairs of one prompt have one number.</summary>
    internal required int[] Prompts { get; init; }

    /// <summary>log(1 + words) of the chosen answer less that of the rejected.</summary>
    internal required float[] Lengths { get; init; }

    /// <summary>z, pair by pair.</summary>
    internal required float[] Differences { get; init; }

    internal int Count => Prompts.Length;

    /// <summary>Tells this file from every other.</summary>
    internal string Identity { get; private init; } = "";

    internal ReadOnlySpan<float> this[int pair] => Differences.AsSpan(pair * Dimension, Dimension);

    /// <summary>Writes the whole file or none.</summary>
    internal void Write(string path) => WholeFile.Write(path, Write);

    private void Write(Stream file)
    {
        using var writer = new BinaryWriter(file, Encoding.UTF8);
        writer.Write(Magic);
        writer.Write(Model);
        writer.Write(Fingerprint);
        writer.Write(Dimension);
        writer.Write(Count);
        writer.Write(Skipped);
        foreach (int prompt in Prompts)
            writer.Write(prompt);
        foreach (float length in Lengths)
            writer.Write(length);
        writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(Differences));
    }

    /// <exception cref="IOException">The features verb did not write this file.</exception>
    internal static PreferenceFeatures Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
            if (reader.ReadString() != Magic)
                throw new InvalidDataException("its first line is another");
            string model = reader.ReadString(),
                fingerprint = reader.ReadString();
            int dimension = reader.ReadInt32(),
                count = reader.ReadInt32(),
                skipped = reader.ReadInt32();
            if (dimension < 1 || count < 1)
                throw new InvalidDataException("it is empty");
            int[] prompts = new int[count];
            for (int i = 0; i < count; i++)
                prompts[i] = reader.ReadInt32();
            float[] lengths = new float[count],
                differences = new float[checked(count * dimension)];
            for (int i = 0; i < count; i++)
                lengths[i] = reader.ReadSingle();
            Span<byte> rest = System.Runtime.InteropServices.MemoryMarshal.AsBytes(differences.AsSpan());
            if (reader.Read(rest) != rest.Length)
                throw new InvalidDataException("it is torn");
            if (reader.BaseStream.Position != bytes.Length)
                throw new InvalidDataException("something follows its end");
            if (!differences.All(float.IsFinite) || !lengths.All(float.IsFinite))
                throw new InvalidDataException("not all of its numbers are finite");
            if (prompts.Distinct().Count() is < LeastPrompts and var few)
                throw new IOException(
                    $"{path} holds pairs of {few} prompts: experiments take at least {LeastPrompts}, of which they hold out a quarter."
                );
            return new PreferenceFeatures
            {
                Model = model,
                Skipped = skipped,
                Fingerprint = fingerprint,
                Dimension = dimension,
                Prompts = prompts,
                Lengths = lengths,
                Differences = differences,
                Identity = XxHash3.HashToUInt64(bytes).ToString("x16", System.Globalization.CultureInfo.InvariantCulture)[..8],
            };
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or OverflowException or ArgumentException)
        {
            throw new IOException($"{path} is no file of the features verb ({e.Message}): write it again.", e);
        }
    }
}
