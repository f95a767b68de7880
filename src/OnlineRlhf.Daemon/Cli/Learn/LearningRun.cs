using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Rounds.DataSets;

namespace OnlineRlhf.Daemon.Cli.Learn;

/// <summary>
/// Has the daemon learn a data set, line by line. Each line's comparison has an id that the same file and profile give again, so that what was learned when either
/// of the two was killed is confirmed and not learned twice.
/// </summary>
internal sealed class LearningRun(DaemonClient daemon, PreferenceFile file, string profile, Position position, bool json, TimeProvider clock)
{
    private const int LinesPerFlush = 16, TriesWhileBusy = 120;

    /// <summary>Never learned: asked for, the daemon says how many comparisons the profile holds.</summary>
    private const long NoLine = 0;

    private static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(1);
    private long _learned, _confirmed, _skipped;

    /// <summary>What the position is kept under: the data, whose taste, which daemon, and which model, since each has a state of its own.</summary>
    internal static UInt128 Key(PreferenceFile file, string profile, string socket, string? model)
    {
        var hash = new XxHash128();
        hash.Append(Encoding.UTF8.GetBytes($"{file.Hash:x32}\n{profile}\n{socket}\n{model}"));
        return hash.GetCurrentHashAsUInt128();
    }

    /// <exception cref="RefusedException">The daemon refuses more than one line.</exception>
    internal async Task<int> RunAsync(bool again, int dimension, CancellationToken cancellationToken)
    {
        if (position.WasUnreadable)
            Say("The position cannot be read: starting at the first line. What the daemon still knows is not learned twice.");
        long held = (await LookAsync(NoLine, cancellationToken).ConfigureAwait(false)).Comparisons;
        (Progress done, bool isSure) = await CheckAsync(held, dimension, cancellationToken).ConfigureAwait(false);
        string unsure = isSure ? "" : $" So much was learned since that profile {profile} cannot tell whether it still holds it.";
        if (done.Whole && !again)
        {
            Say($"The whole file was learned before: nothing to do.{unsure} With --again it is learned once more.");
            return End(done, done.Lines, held, TimeSpan.Zero);
        }
        if (done.Whole)
            done = new Progress(Run: done.Run + 1);
        else if (done.Lines > 0)
            Say($"Going on after line {done.Lines} of {file.Lines}.{unsure}{(again ? " --again applies once it has been learned to its end." : "")}");
        position.Save(done);
        long start = clock.GetTimestamp(), after = done.Lines;
        done = await LearnAsync(done, held, cancellationToken).ConfigureAwait(false);
        return End(done, after, Math.Max(held, done.Comparisons), clock.GetElapsedTime(start));
    }

    private async Task<Progress> LearnAsync(Progress done, long held, CancellationToken cancellationToken)
    {
        var bar = new ProgressBar(done.Lines, file.Lines, json, clock);
        try
        {
            await foreach ((long number, ReadOnlySequence<byte>? content) in file.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (number <= done.Lines)
                    continue;
                (FeedbackResultBody? learned, string? skipped) = await LineAsync(number, content, done.Run, cancellationToken).ConfigureAwait(false);
                done = learned is null ? done with { Lines = number } : done with { Lines = number, Last = number, Comparisons = learned.Comparisons };
                if (learned is not null && learned.Comparisons > held)
                    _learned++;
                else if (learned is not null)
                    _confirmed++;
                if (skipped is not null)
                {
                    _skipped++;
                    bar.Hide();
                    await Console.Error.WriteLineAsync($"line {number} is skipped: {skipped}").ConfigureAwait(false);
                }
                // A position that a power cut leaves behind costs little: what the profile still knows is confirmed.
                if (number % LinesPerFlush == 0)
                    position.Save(done);
                else
                    position.Write(done);
                bar.Show(number);
            }
            done = done with { Whole = true };
        }
        catch (OperationCanceledException)
        {
            throw new OperationCanceledException($"Stopped after line {done.Lines} of {file.Lines}: the same command goes on there.");
        }
        catch (DaemonUnreachableException e)
        {
            throw new DaemonUnreachableException($"Stopped after line {done.Lines} of {file.Lines}, where the same command goes on. {e.Message}") { Forbidden = e.Forbidden };
        }
        finally
        {
            bar.Hide();
            position.Save(done);
        }
        return done;
    }

    /// <summary>What was learned of a line, or why it is skipped; neither where it is blank.</summary>
    private async Task<(FeedbackResultBody? Learned, string? Skipped)> LineAsync(long number, ReadOnlySequence<byte>? content, int run, CancellationToken cancellationToken)
    {
        if (content is not { } line)
            return (null, $"it is longer than {PreferenceFile.LongestLine} bytes.");
        if (IsBlank(line))
            return (null, null);
        PreferencePair pair;
        try
        {
            pair = PreferencePair.Parse(line);
        }
        catch (FormatException e)
        {
            return (null, e.Message);
        }
        var body = new ComparisonBody([.. pair.Messages.Select(m => new MessageBody(m.Role, m.Content))], pair.Chosen, pair.Rejected, profile, Id(number, run).ToString());
        if (JsonSerializer.SerializeToUtf8Bytes(body, WireJson.Readable.ComparisonBody).Length > RoundEndpoints.LargestBody)
            return (null, $"as a request it is larger than {RoundEndpoints.LargestBody} bytes.");
        DaemonClient.Reply reply = default;
        for (int n = 0; n < TriesWhileBusy; n++)
        {
            reply = await daemon.PostAsync("/v1/comparisons", body, WireJson.Readable.ComparisonBody, cancellationToken).ConfigureAwait(false);
            if (reply.Status != StatusCodes.Status503ServiceUnavailable)
                break;
            // People who ask come first.
            await Task.Delay(BusyPause, clock, cancellationToken).ConfigureAwait(false);
        }
        if (reply.Succeeded)
            return (reply.Read(WireJson.Complete.FeedbackResultBody), null);
        return reply.Status is StatusCodes.Status400BadRequest or StatusCodes.Status413PayloadTooLarge or StatusCodes.Status422UnprocessableEntity
            ? (null, reply.Read(WireJson.Complete.ProblemBody).Detail)
            : throw new RefusedException(reply);
    }

    /// <summary>Holds the position against what the profile knows: its state may have been deleted or put back meanwhile.</summary>
    private async Task<(Progress Done, bool IsSure)> CheckAsync(long held, int dimension, CancellationToken cancellationToken)
    {
        Progress done = position.Current;
        // The profile knows its last d comparisons: after so many others nothing can be told.
        if (done.Last == 0 || (await LookAsync(done.Last, cancellationToken).ConfigureAwait(false)).Learned)
            return (done, true);
        if (held - done.Comparisons >= dimension)
            return (done, false);
        for (long line = done.Last - 1; line > 0 && held > 0; line--)
        {
            if (await LookAsync(line, cancellationToken).ConfigureAwait(false) is not { Learned: true } known)
                continue;
            Say($"The state of profile {profile} is older than the position: it knows this file up to line {line} and not up to line {done.Last}.");
            return (done with { Lines = line, Last = line, Comparisons = known.Comparisons, Whole = false }, true);
        }
        Say($"Profile {profile} does not know what was learned from this file: its state was deleted, or belongs to another model. Starting at the first line.");
        return (new Progress(Run: done.Run), true);
    }

    private async Task<FeedbackResultBody> LookAsync(long line, CancellationToken cancellationToken)
    {
        DaemonClient.Reply reply = await daemon.GetAsync($"/v1/comparisons/{Id(line, position.Current.Run)}?profile={Uri.EscapeDataString(profile)}", cancellationToken).ConfigureAwait(false);
        return reply.Succeeded ? reply.Read(WireJson.Complete.FeedbackResultBody) : throw new RefusedException(reply);
    }

    private Guid Id(long line, int run)
    {
        byte[] name = new byte[16 + sizeof(long) + sizeof(int) + Encoding.UTF8.GetByteCount(profile)];
        BinaryPrimitives.WriteUInt128BigEndian(name, file.Hash);
        BinaryPrimitives.WriteInt64BigEndian(name.AsSpan(16), line);
        BinaryPrimitives.WriteInt32BigEndian(name.AsSpan(24), run);
        Encoding.UTF8.GetBytes(profile, name.AsSpan(28));
        return new Guid(XxHash128.Hash(name), bigEndian: true);
    }

    private int End(Progress done, long after, long comparisons, TimeSpan took)
    {
        if (json)
            Output.Json(JsonSerializer.Serialize(new LearnReport(profile, file.Lines, after, _learned, _confirmed, _skipped, comparisons, Math.Round(took.TotalSeconds, 3)), LearnJson.Default.LearnReport));
        else if (after < done.Lines)
            Console.WriteLine($"Learned {Plural.Of(_learned, "comparison")} in {ProgressBar.Words(took)}; {_confirmed} known before, {Plural.Of(_skipped, "line")} skipped. Profile {profile} holds {comparisons}.");
        if (done.Last > 0)
            return ExitCode.Success;
        Console.Error.WriteLine("onlinerlhf: no line of the file could be learned");
        return ExitCode.Failure;
    }

    private void Say(string text) => (json ? Console.Error : Console.Out).WriteLine(text);

    private static bool IsBlank(ReadOnlySequence<byte> line)
    {
        foreach (ReadOnlyMemory<byte> part in line)
            if (part.Span.ContainsAnyExcept(" \t\r"u8))
                return false;
        return true;
    }
}
