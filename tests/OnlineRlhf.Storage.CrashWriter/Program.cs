using System.Globalization;
using OnlineRlhf.Learning;
using OnlineRlhf.Storage;
using OnlineRlhf.Storage.CrashWriter;

// write DIRECTORY DIMENSION SEED ETA LAMBDA [trace]: appends known comparisons until it is killed, a line after each step. With trace, a line before
// each disk operation too.
// measure DIRECTORY DIMENSION COUNT: what a comparison costs on this disk.
if (args is ["measure", string folder, string size, string count])
{
    Measurement.Run(folder, int.Parse(size, CultureInfo.InvariantCulture), int.Parse(count, CultureInfo.InvariantCulture));
    return 0;
}
if (args is not ["write", string directory, string dimension, string number, string eta, string lambda, ..])
    return 2;

int d = int.Parse(dimension, CultureInfo.InvariantCulture),
    seed = int.Parse(number, CultureInfo.InvariantCulture);
var hyperParameters = new HyperParameters(double.Parse(eta, CultureInfo.InvariantCulture), double.Parse(lambda, CultureInfo.InvariantCulture));
using var output = new StreamWriter(Console.OpenStandardOutput(), bufferSize: 64) { AutoFlush = true };
bool trace = args.Length > 6;
using ProfileStore store = ProfileStore.Open(
    directory,
    Known.Identity(d),
    hyperParameters,
    null,
    trace ? (_, _, _, _) => output.WriteLine("D") : null
);
output.WriteLine($"O {store.Sequence}");
while (true)
{
    long next = store.Sequence + 1;
    _ = store.Append(Known.Round(seed, next), Known.Difference(seed, next, d), Known.Label(seed, next));
    output.WriteLine($"A {next}");
    if (store.CheckpointDue)
    {
        while (store.WriteCheckpointChunk())
            output.WriteLine("C");
        output.WriteLine("V");
    }
}
