using CsCheck;
using OnlineRlhf.Daemon.Cli.Watch;
using OnlineRlhf.Daemon.Http;

namespace OnlineRlhf.Daemon.Tests.Watch;

/// <summary>What the screen shows, without a terminal.</summary>
public sealed class WatchScreenTests
{
    private static readonly WatchState Ready = new WatchState().After(Snapshot());

    [Fact]
    public void Both_answers_stand_side_by_side()
    {
        string[] screen = Draw(Ready.After(Opened("Rice needs water and time.", "Tea is quick.")), 60, 12);

        Assert.Equal(
            ["onlinerlhf: anna", new string('─', 60), "First                        │ Second", "Rice needs water and time.   │ Tea is quick."],
            screen[..4]
        );
    }

    [Fact]
    public void Where_the_width_does_not_suffice_they_stand_one_above_the_other()
    {
        string[] screen = Draw(Ready.After(Opened("Rice needs water and time.", "Tea is quick.")), 20, 12);

        Assert.Equal(["First", "Rice needs water and", "time.", "Second", "Tea is quick."], screen[2..7]);
    }

    [Fact]
    public void What_does_not_fit_ends_with_a_mark_and_a_short_answer_leaves_its_rows_to_the_other()
    {
        string[] screen = Draw(Ready.After(Opened("one", "a b c d e f g h i j k l m n o p q r s t u v w x y z")), 10, 12);

        Assert.Equal(["First", "one", "Second", "a b c d e", "f g h i j", "k l m n o", "p q r s …"], screen[2..9]);
    }

    [Fact]
    public void While_answers_are_written_no_pair_is_shown_that_a_press_could_mean()
    {
        WatchState state = Ready.After(Opened("old one", "old two")).After(new WatchInput.Writing(new GeneratingBody("anna", 41, 3, 8)));
        string screen = string.Join('\n', Draw(state, 60, 12));

        Assert.Null(state.Answerable);
        Assert.DoesNotContain("old one", screen, StringComparison.Ordinal);
        Assert.Contains("writing answers …", screen, StringComparison.Ordinal);
        Assert.Contains("41 tokens, 3 of 8 answers finished", screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Buttons_and_keys_are_named_where_they_are()
    {
        WatchState wired = new WatchState { HasKeys = true }
            .After(Snapshot("first", "second", "skip"))
            .After(Opened("a", "b"));
        string[] screen = Draw(wired, 80, 12);

        Assert.Contains("First (first button, key 1)", screen[2], StringComparison.Ordinal);
        Assert.Contains("Second (second button, key 2)", screen[2], StringComparison.Ordinal);
        Assert.Equal("both the same (key t)   no answer (skip button, key s)   leave (key q)", screen[^1]);
        Assert.StartsWith("onlinerlhf prefer first | second | tie | skip", Draw(Ready.After(Opened("a", "b")), 80, 12)[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("counted", new[] { "first" }, "First button: counted: comparison 7 is recorded.")]
    [InlineData("counted", new[] { "skip" }, "Skip button: counted: skipped, nothing is recorded.")]
    [InlineData("too-early", new[] { "second" }, "Second button: too early: the pair had just come.")]
    [InlineData("unclear", new[] { "first", "second" }, "First and second buttons: both at once: it counts for nothing.")]
    [InlineData("unclear", new[] { "first" }, "First button: twice at once: it counts for nothing.")]
    [InlineData("held", new[] { "first" }, "First button: held down since the start: let it go first.")]
    [InlineData("no-round", new[] { "tie" }, "Tie button: nothing is open: it counts for nothing.")]
    [InlineData("generating", new[] { "first" }, "First button: answers are being written: it counts for nothing.")]
    public void What_a_press_did_is_said_in_words_and_fades(string outcome, string[] buttons, string said)
    {
        WatchInput.Opened opened = Opened("a", "b");
        WatchState pressed = Ready
            .After(opened)
            .After(new WatchInput.Closed(new ClosedBody(opened.Round.Id, "anna", "feedback")))
            .After(new WatchInput.Recorded(new RecordedBody(opened.Round.Id, "anna", 7)))
            .After(new WatchInput.Pressed(new ButtonBody(buttons, outcome, opened.Round.Id)));

        Assert.Equal(said, Draw(pressed, 80, 12)[^2]);
        Assert.Contains("7 comparisons recorded", Draw(pressed, 80, 12)[0], StringComparison.Ordinal);
        Assert.Equal(said, Draw(pressed.After(new WatchInput.Faded(pressed.Notices - 1)), 80, 12)[^2]);
        Assert.Equal("", Draw(pressed.After(new WatchInput.Faded(pressed.Notices)), 80, 12)[^2]);
    }

    [Fact]
    public void Events_that_were_lost_are_told_and_the_snapshot_after_them_is_believed()
    {
        WatchState lagged = Ready.After(Opened("a", "b")).After(new WatchInput.Lagged(new LaggedBody(256))).After(Snapshot());

        Assert.Equal("256 events came faster than they were read, and are not shown.", Draw(lagged, 80, 12)[^2]);
        Assert.Null(lagged.Pair);
        Assert.Null(lagged.Lost);
    }

    [Fact]
    public void A_request_that_waits_for_its_turn_is_shown_as_one()
    {
        WatchState waiting = Ready.After(Opened("a", "b")).After(new WatchInput.Writing(new GeneratingBody("anna", 0, 0, 0)));

        Assert.Null(waiting.Answerable);
        Assert.Equal("The request waits for its turn.", Draw(waiting, 80, 12)[3]);
    }

    [Fact]
    public void A_daemon_that_is_away_takes_the_pair_along()
    {
        WatchState away = Ready.After(Opened("a", "b")).After(new WatchInput.Lost("It has ended the connection."));

        Assert.Null(away.Answerable);
        Assert.Equal("No connection to the daemon. It has ended the connection.", Draw(away, 80, 12)[2]);
        Assert.Equal("Nothing is open.", Draw(away.After(Snapshot()), 80, 12)[2]);
    }

    [Fact]
    public void Only_the_profile_that_was_asked_for_is_shown()
    {
        WatchState bert = new WatchState { Profile = "bert" }
            .After(Snapshot())
            .After(Opened("a", "b"))
            .After(new WatchInput.Writing(new GeneratingBody("anna", 1, 0, 8)));

        Assert.Null(bert.Pair);
        Assert.Null(bert.Writing);
        Assert.Null(bert.After(new WatchInput.Recorded(new RecordedBody(Guid.NewGuid(), "anna", 3))).Recorded);
    }

    [Fact]
    public void A_screen_of_any_size_is_filled_exactly_whatever_the_answers_hold() =>
        Gen.Select(TerminalTextTests.Awkward, TerminalTextTests.Awkward, Gen.Int[1, 90], Gen.Int[1, 20], Gen.Bool)
            .Sample(
                (first, second, width, height, plain) =>
                {
                    IReadOnlyList<ScreenLine> screen = WatchScreen.Draw(
                        Ready.After(Opened(first, second)),
                        width,
                        height,
                        plain ? Marks.Plain : Marks.Unicode
                    );
                    Assert.Equal(height, screen.Count);
                    Assert.All(screen, line => Assert.InRange(CellWidth.Of(line.Text), 0, width));
                    Assert.DoesNotContain(screen, line => line.Text.Any(char.IsControl));
                }
            );

    [Fact]
    public void The_plain_marks_are_ascii() =>
        Assert.All(
            WatchScreen.Draw(Ready.After(Opened("a", new string('b', 500))), 64, 9, Marks.Plain),
            line => Assert.All(line.Text, c => Assert.InRange(c, ' ', '~'))
        );

    private static WatchInput.Snapshot Snapshot(params string[] buttons) => new(new SnapshotBody("ready", null, null, buttons, null));

    private static WatchInput.Opened Opened(string first, string second) =>
        new(
            new RoundBody(
                Guid.NewGuid(),
                "anna",
                true,
                new AnswerBody(first, 5),
                new AnswerBody(second, 5),
                8,
                0.5,
                DateTimeOffset.UnixEpoch,
                DateTimeOffset.UnixEpoch
            )
        );

    private static string[] Draw(WatchState state, int width, int height) =>
        [.. WatchScreen.Draw(state, width, height, Marks.Unicode).Select(l => l.Text.TrimEnd())];
}
