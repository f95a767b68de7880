using System.Buffers;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.DataSets;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon.Cli.Learn;

/// <summary>
/// Makes the daemon learn a data set, line by line. The id of a line's comparison depends only on the data, the profile and the run. The daemon also
/// knows which data sets it has learned completely. So nothing is learned twice. The position file only saves time after an interruption.
/// </summary>
internal sealed class LearningRun(DaemonClient daemon, PreferenceFile file, string profile, Position position, bool json, TimeProvider clock)
{
    private const int LinesPerFlush = 16,
        TriesWhileBusy = 120;
    private static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(1);
    private readonly SortedDictionary<string, long> _reasons = new(StringComparer.Ordinal);
    private long _learned,
        _confirmed,
        _skipped,
        _held;

    /// <summary>
    /// Computes the key of the position from the data, the profile, the socket and the model. The daemon keeps a state for each profile and model.
    /// </summary>
    internal static UInt128 Key(PreferenceFile file, string profile, string socket, string? model)
    {
        var hash = new XxHash128();
        hash.Append(Encoding.UTF8.GetBytes($"{file.Hash:x32}\n{profile}\n{socket}\n{model}"));
        return hash.GetCurrentHashAsUInt128();
    }

    /// <exception cref="RefusedException">The daemon refuses a request for a reason that is not about one line.</exception>
    internal async Task<int> RunAsync(bool again, int dimension, CancellationToken cancellationToken)
    {
        if (position.WasUnreadable)
            Say("The position cannot be read: going on from what the daemon knows.");
        LearnedFileBody known = await FindFileAsync(null, cancellationToken).ConfigureAwait(false);
        _held = known.Comparisons;
        (Progress done, bool isSure) = await CheckAsync(known, dimension, cancellationToken).ConfigureAwait(false);
        string unsure = isSure ? "" : $" So much was learned since that profile {profile} cannot tell whether it still holds it.";
        if (done.Whole && !again)
        {
            // Version 0.1.0 recorded this only in the position file, so tell the daemon now.
            if (isSure && known.Runs <= done.Run)
                await TellAsync(done.Run + 1, done.State, cancellationToken).ConfigureAwait(false);
            Say($"The whole file was learned before: nothing to do.{unsure} With --again it is learned once more.");
            return End(done, done.Lines, TimeSpan.Zero);
        }
        if (done.Whole)
            done = new Progress(Run: done.Run + 1, State: known.State);
        else if (done.Lines > 0)
            Say($"Going on after line {done.Lines} of {file.Lines}.{unsure}{(again ? " --again applies once it has been learned to its end." : "")}");
        position.Save(done);
        long start = clock.GetTimestamp(),
            after = done.Lines;
        done = await LearnAsync(done, known, cancellationToken).ConfigureAwait(false);
        return End(done, after, clock.GetElapsedTime(start));
    }

    private async Task<Progress> LearnAsync(Progress done, LearnedFileBody known, CancellationToken cancellationToken)
    {
        var bar = new ProgressBar(done.Lines, file.Lines, json, clock);
        try
        {
            await foreach ((long number, ReadOnlySequence<byte>? content) in file.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (number <= done.Lines)
                    continue;
                (FeedbackResultBody? learned, Skip? skipped) = await LineAsync(number, content, done.Run, cancellationToken).ConfigureAwait(false);
                done = learned is null
                    ? done with
                    {
                        Lines = number,
                    }
                    : done with
                    {
                        Lines = number,
                        Last = number,
                        Comparisons = learned.Comparisons,
                    };
                _held = Math.Max(_held, learned?.Comparisons ?? 0);
                // The first comparison may have created the state, so ask for its id.
                if (learned is not null && done.State is null)
                    done = done with { State = (await TellAsync(known.Runs, null, cancellationToken).ConfigureAwait(false)).State };
                if (learned is not null && learned.Comparisons > known.Comparisons)
                    _learned++;
                else if (learned is not null)
                    _confirmed++;
                if (skipped is { } skip)
                {
                    _skipped++;
                    _reasons[skip.Kind] = _reasons.GetValueOrDefault(skip.Kind) + 1;
                    bar.Hide();
                    await Console.Error.WriteLineAsync($"{Unit} {number} is skipped: {skip.Reason}").ConfigureAwait(false);
                }
                // Losing the last positions in a power cut costs little: the daemon confirms the comparisons that it still knows.
                if (number % LinesPerFlush == 0)
                    position.Save(done);
                else
                    position.Write(done);
                bar.Show(number);
            }
            // Whatever follows the last entry of a list is done too.
            done = done with
            {
                Lines = file.Lines,
            };
            bar.Show(file.Lines);
            if (done.Last > 0)
                await TellAsync(done.Run + 1, done.State, cancellationToken).ConfigureAwait(false);
            done = done with { Whole = true };
        }
        catch (RefusedException e) when (e.Problem is { } problem && problem.Reason == ProblemKind.StateChanged.Reason)
        {
            throw new IOException($"Stopped after line {done.Lines} of {file.Lines}. {problem.Detail} The same command learns what is missing now.");
        }
        catch (OperationCanceledException)
        {
            throw new OperationCanceledException($"Stopped after line {done.Lines} of {file.Lines}: the same command goes on there.");
        }
        catch (DaemonUnreachableException e)
        {
            throw new DaemonUnreachableException($"Stopped after line {done.Lines} of {file.Lines}, where the same command goes on. {e.Message}")
            {
                Forbidden = e.Forbidden,
            };
        }
        finally
        {
            bar.Hide();
            position.Save(done);
        }
        return done;
    }

    /// <summary>Returns the recorded comparison of a line or the reason to skip it; neither if the line is blank.</summary>
    private async Task<(FeedbackResultBody? Learned, Skip? Skipped)> LineAsync(
        long number,
        ReadOnlySequence<byte>? content,
        int run,
        CancellationToken cancellationToken
    )
    {
        if (content is not { } line)
            return (null, new Skip($"it is longer than {PreferenceFile.LongestLine} bytes."));
        if (IsBlank(line))
            return (null, null);
        PreferencePair pair;
        try
        {
            pair = file.Pair(number, line);
        }
        catch (FormatException e)
        {
            return (null, new Skip(e.Message));
        }
        var body = new ComparisonBody(
            [.. pair.Messages.Select(m => new MessageBody(m.Role, m.Content))],
            pair.Chosen,
            pair.Rejected,
            profile,
            ComparisonId.Of(file.Hash, profile, number, run).ToString(),
            pair.IsTie ? true : null,
            Held
        );
        if (JsonSerializer.SerializeToUtf8Bytes(body, WireJson.Readable.ComparisonBody).Length > RoundEndpoints.LargestBody)
            return (null, new Skip($"as a request it is larger than {RoundEndpoints.LargestBody} bytes."));
        DaemonClient.Reply reply = default;
        for (int n = 0; n < TriesWhileBusy; n++)
        {
            reply = await daemon.PostAsync("/v1/comparisons", body, WireJson.Readable.ComparisonBody, cancellationToken).ConfigureAwait(false);
            // If its model file changed, the daemon is ending, so waiting does not help.
            if (
                reply.Status != StatusCodes.Status503ServiceUnavailable
                || reply.TryRead(WireJson.Complete.ProblemBody)?.Reason == ProblemKind.ModelChanged.Reason
            )
                break;
            // Wait, because requests of people come first.
            await Task.Delay(BusyPause, clock, cancellationToken).ConfigureAwait(false);
        }
        if (reply.Succeeded)
            return (reply.Read(WireJson.Complete.FeedbackResultBody), null);
        if (reply.Status is not (StatusCodes.Status400BadRequest or StatusCodes.Status413PayloadTooLarge or StatusCodes.Status422UnprocessableEntity))
            throw new RefusedException(reply);
        // The problem is about this one comparison. Its detail may contain numbers, which would give each line a kind of its own.
        ProblemBody problem = reply.Read(WireJson.Complete.ProblemBody);
        var skip = new Skip(problem.Detail);
        return (null, problem.Reason == ProblemKind.BadRequest.Reason ? skip : skip with { Kind = problem.Reason.Replace('-', ' ') });
    }

    /// <summary>
    /// Compares the position with what the daemon knows. If they differ, the daemon is right, because its state may have been deleted or restored.
    /// </summary>
    private async Task<(Progress Done, bool IsSure)> CheckAsync(LearnedFileBody known, int dimension, CancellationToken cancellationToken)
    {
        Progress saved = position.Current;
        int finished = saved.Run + (saved.Whole ? 1 : 0);
        // An earlier version may have skipped all lines that this version understands.
        if (finished < known.Runs || (saved.Last == 0 && (saved.Whole || saved.Run != known.Runs)))
            return (Of(known), true);
        if (finished == known.Runs && saved.Whole)
            return (saved, true);
        LearnedFileBody ring = saved.Run == known.Runs ? known : await FindFileAsync(saved.Run, cancellationToken).ConfigureAwait(false);
        bool isOtherState = saved.State is not null && saved.State != known.State;
        // A different state may have learned none of these lines. If its ring still holds everything it has learned, the ring finds each line
        // that it did learn.
        if (isOtherState && ring.LastLine > 0 && known.Comparisons <= dimension)
            return (new Progress(Run: known.Runs, State: known.State), true);
        if (ring.LastLine > saved.Lines)
            return (Of(ring) with { Run = saved.Run }, true);
        if (ring.LastLine >= saved.Last)
            return (saved with { State = known.State }, true);
        // The ring holds the last d comparisons. After d others it no longer knows these lines, and only the id of the state tells whether the
        // state learned them.
        if (!isOtherState && known.Comparisons - saved.Comparisons >= dimension)
            return (saved, saved.State is not null);
        Say(
            known.LastLine > 0
                ? $"The state of profile {profile} is older than the position: "
                    + $"it knows this file up to line {known.LastLine} and not up to line {saved.Last}."
                : $"Profile {profile} does not know what was learned from this file: "
                    + "its state was deleted, or belongs to another model. Starting at the first line."
        );
        return (Of(known), true);
    }

    /// <summary>How far a file has been learned, according to the daemon.</summary>
    private Progress Of(LearnedFileBody known) =>
        known.LastLine > 0 ? new Progress(known.LastLine, known.LastLine, known.LastComparison, known.Runs, State: known.State)
        : known.Runs > 0 ? new Progress(file.Lines, file.Lines, known.Comparisons, known.Runs - 1, Whole: true, known.State)
        : new Progress(State: known.State);

    /// <summary>
    /// Asks the daemon what it knows of the file and how far a run came. Without a run, it asks about the one after the last complete run.
    /// </summary>
    private async Task<LearnedFileBody> FindFileAsync(int? run, CancellationToken cancellationToken)
    {
        string query = $"?lines={Math.Min(file.Lines, LearnedFileEndpoints.MostLines)}{(run is null ? "" : $"&run={run}")}";
        return Known(await daemon.GetAsync(Address + query, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Tells the daemon how often the file has been learned completely, and by which state.</summary>
    private async Task<LearnedFileBody> TellAsync(int runs, Guid? state, CancellationToken cancellationToken) =>
        Known(
            await daemon
                .PutAsync(Address, new LearnedFileUpdateBody(runs, state, Held), WireJson.Readable.LearnedFileUpdateBody, cancellationToken)
                .ConfigureAwait(false)
        );

    private static LearnedFileBody Known(DaemonClient.Reply reply) =>
        reply.Succeeded ? reply.Read(WireJson.Complete.LearnedFileBody) : throw new RefusedException(reply);

    /// <summary>
    /// How many comparisons the profile must still hold. If it holds fewer, its state was deleted meanwhile, and learning another line would hide
    /// that the earlier ones are missing.
    /// </summary>
    private long? Held => _held > 0 ? _held : null;

    private string Address => $"/v1/profiles/{Uri.EscapeDataString(profile)}/files/{file.Hash:x32}";

    private string Unit => file.CountsEntries ? "entry" : "line";

    private int End(Progress done, long after, TimeSpan took)
    {
        if (json)
        {
            var report = new LearnReport(
                profile,
                file.Lines,
                after,
                _learned,
                _confirmed,
                _skipped,
                _held,
                Math.Round(took.TotalSeconds, 3),
                _reasons
            );
            Output.Json(JsonSerializer.Serialize(report, LearnJson.Default.LearnReport));
        }
        else if (took > TimeSpan.Zero)
        {
            string reasons = _skipped == 0 ? "" : $" ({string.Join("; ", _reasons.Select(r => $"{r.Value}: {r.Key}"))})";
            string skipped = file.CountsEntries ? Plural.Of(_skipped, "entry", "entries") : Plural.Of(_skipped, "line");
            Console.WriteLine(
                $"Learned {Plural.Of(_learned, "comparison")} in {ProgressBar.Words(took)}; "
                    + $"{_confirmed} known before, {skipped} skipped{reasons}. Profile {profile} holds {_held}."
            );
        }
        if (file.BrokenAt is { } broken)
            Console.Error.WriteLine(
                $"onlinerlhf: {Unit} {broken} is broken, and nothing shows where the next one begins: what follows it was not read"
            );
        else if (done.Last == 0)
            Console.Error.WriteLine("onlinerlhf: no line of the file could be learned");
        return done.Last > 0 && file.BrokenAt is null ? ExitCode.Success : ExitCode.Failure;
    }

    private void Say(string text) => (json ? Console.Error : Console.Out).WriteLine(text);

    private static bool IsBlank(ReadOnlySequence<byte> line)
    {
        foreach (ReadOnlyMemory<byte> part in line)
            if (part.Span.ContainsAnyExcept(" \t\r"u8))
                return false;
        return true;
    }

    /// <summary>The reason to skip a line.</summary>
    /// <param name="Reason">The reason in words, which is printed with the line's number.</param>
    private readonly record struct Skip(string Reason)
    {
        /// <summary>The kind of reason; skipped lines are counted by kind.</summary>
        internal string Kind { get; init; } = Reason.TrimEnd('.');
    }
}
