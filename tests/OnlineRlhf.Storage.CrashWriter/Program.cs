using System.Globalization;
using OnlineRlhf.Learning;
using OnlineRlhf.Storage;
using OnlineRlhf.Storage.CrashWriter;

// write DIRECTORY DIMENSION SEED ETA LAMBDA [trace] [mixed]: takes known steps until it is killed, a line after each. With trace, a line before each
// disk operation too.
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
bool trace = args.Contains("trace");
var script = new Script(seed, d, args.Contains("mixed"));
using ProfileStore store = ProfileStore.Open(
    directory,
    Known.Identity(d),
    hyperParameters,
    null,
    trace ? (_, _, _, _) => output.WriteLine("D") : null
);
script.Repeat(store);
output.WriteLine($"O {store.Sequence}");
while (true)
{
    script.Step(store);
    output.WriteLine($"A {script.StepsOf(store)}");
    if (store.CheckpointDue)
    {
        while (store.WriteCheckpointChunk())
            output.WriteLine("C");
        output.WriteLine("V");
    }
}
