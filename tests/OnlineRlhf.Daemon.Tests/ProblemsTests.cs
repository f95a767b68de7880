using System.Text.Json;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Tests;

/// <summary>Errors of the loop as problems.</summary>
public sealed class ProblemsTests
{
    [Fact]
    public void Every_error_of_a_round_has_a_reason_of_its_own_that_is_its_name()
    {
        foreach (RoundError error in Enum.GetValues<RoundError>())
            Assert.Equal(JsonNamingPolicy.KebabCaseLower.ConvertName(error.ToString()), Problems.Describe(new RoundException(error, "why")).Reason);
    }

    [Fact]
    public void An_error_that_nobody_named_is_not_taken_for_another() =>
        Assert.ThrowsAny<InvalidOperationException>(() => Problems.Describe(new RoundException((RoundError)99, "why")));
}
