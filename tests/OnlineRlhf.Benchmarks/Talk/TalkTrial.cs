using System.Text.Json;
using System.Text.Json.Nodes;
using OnlineRlhf.Benchmarks.Daemon;
using OnlineRlhf.Benchmarks.Measuring;
using OnlineRlhf.Benchmarks.Tastes;

namespace OnlineRlhf.Benchmarks.Talk;

/// <summary>One simulated person chats with the published daemon over OpenAI's API, and nothing else.</summary>
internal sealed class TalkTrial(DaemonProcess daemon, Candidates candidates)
{
    // How much a person's mood varies, in standard deviations of plain answers.
    private const double Mood = 0.5;

    /// <summary>Lets the person talk, and measures what is served on held-out requests after some turns.</summary>
    /// <param name="talker">How the person teaches.</param>
    /// <param name="taste">What the person likes.</param>
    /// <param name="split">Which requests are held out.</param>
    /// <param name="checkpoints">After how many turns it is measured, in rising order; the first may be 0.</param>
    /// <param name="seed">Decides the requests' order and the person's mood.</param>
    /// <returns>The mean utility at each checkpoint, and how many comparisons were recorded.</returns>
    internal (double[] Utility, int Comparisons) Run(Talker talker, MixedTaste taste, Split split, int[] checkpoints, int seed)
    {
        var random = new Random(seed);
        Person person = new(daemon, candidates, taste, random);
        List<double> utility = [],
            seen = [];
        int comparisons = 0;
        int[] order = [.. split.Training];
        for (int turn = 0, at = 0; ; turn++)
        {
            if (turn == checkpoints[at])
            {
                utility.Add(person.Served(split));
                if (++at == checkpoints.Length)
                    return ([.. utility], comparisons);
            }
            if (turn % order.Length == 0)
                random.Shuffle(order);
            int request = order[turn % order.Length];
            comparisons += talker.Presses ? person.Press(request) : Talk(request);
        }

        int Talk(int request)
        {
            string kept = person.Say(request);
            double first = Feel(request, kept);
            bool isDispleased = first + (Mood * Normal(random)) < seen.Median();
            if (random.NextDouble() >= (isDispleased ? talker.Regenerates : talker.AtRandom))
                return 0;
            string other = person.Say(request, talker.Retries);
            double second = Feel(request, other);
            kept = talker.Keeps switch
            {
                Keeps.First => kept,
                Keeps.Newest => other,
                _ => random.NextDouble() < taste.Preference(first, second) ? kept : other,
            };
            // The conversation goes on with the answer that was kept.
            _ = person.GoOn(request, kept, "Thank you.", maxTokens: 1);
            return 1;
        }

        double Feel(int request, string answer)
        {
            double felt = taste.Utility(request, answer);
            seen.Add(felt);
            return felt;
        }
    }

    /// <summary>Measures what one word moves, and then what presses move.</summary>
    /// <param name="word">The wish.</param>
    /// <param name="taste">Somebody who wishes that.</param>
    /// <param name="split">Which requests are held out.</param>
    /// <param name="presses">How many presses.</param>
    /// <param name="seed">Decides the requests.</param>
    internal (double Before, double Word, double Presses) Wish(string word, MixedTaste taste, Split split, int presses, int seed)
    {
        var random = new Random(seed);
        int[] order = [.. split.Training];
        random.Shuffle(order);
        Person talker = new(daemon, candidates, taste, random),
            presser = new(daemon, candidates, taste, random);
        double before = talker.Served(split);
        _ = talker.GoOn(order[0], talker.Say(order[0]), word);
        for (int press = 0; press < presses; press++)
            _ = presser.Press(order[press]);
        return (before, talker.Served(split), presser.Served(split));
    }

    private static JsonObject Turn(string role, string content) => new() { ["role"] = role, ["content"] = content };

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>What a person does, each with a profile of their own.</summary>
    private sealed class Person(DaemonProcess daemon, Candidates candidates, MixedTaste taste, Random random)
    {
        private readonly string _profile = $"{Guid.NewGuid():N}";

        /// <summary>The mean utility of what is served on the held-out requests.</summary>
        internal double Served(Split split) =>
            // Asked as a retry, since the same question once more would be a wish for another answer.
            split.HeldOut.Average(held => taste.Utility(held, Say(held, isRetry: true)));

        /// <summary>Asks for two answers, and says which one is better. Returns how many comparisons that gave.</summary>
        internal int Press(int request)
        {
            JsonElement round = daemon.Post(
                "/v1/rounds",
                new JsonObject
                {
                    ["profile"] = _profile,
                    ["ask"] = "always",
                    ["messages"] = new JsonArray(Turn("user", candidates.Request(request))),
                }.ToJsonString()
            );
            if (round.GetProperty("second").ValueKind == JsonValueKind.Null)
                return 0;
            double preference = taste.Preference(Felt("first"), Felt("second"));
            string preferred = random.NextDouble() < preference ? "first" : "second";
            _ = daemon.Post($"/v1/rounds/{round.GetProperty("id").GetString()}/feedback", $$"""{"preferred": "{{preferred}}"}""");
            return 1;

            double Felt(string answer) => taste.Utility(request, round.GetProperty(answer).GetProperty("text").GetString()!);
        }

        /// <summary>Asks a question, and returns the answer.</summary>
        internal string Say(int request, bool isRetry = false) => Send([Turn("user", candidates.Request(request))], isRetry: isRetry);

        /// <summary>Goes on with an answer, and returns the next one.</summary>
        internal string GoOn(int request, string kept, string message, int? maxTokens = null) =>
            Send([Turn("user", candidates.Request(request)), Turn("assistant", kept), Turn("user", message)], maxTokens);

        private string Send(JsonNode[] messages, int? maxTokens = null, bool isRetry = false) =>
            daemon
                .Post(
                    "/v1/chat/completions",
                    new JsonObject
                    {
                        ["model"] = $"onlinerlhf:{_profile}",
                        ["messages"] = new JsonArray(messages),
                        ["max_tokens"] = maxTokens,
                    }.ToJsonString(),
                    isRetry ? [("x-stainless-retry-count", "1")] : []
                )
                .GetProperty("choices")[0]
                .GetProperty("message")
                .GetProperty("content")
                .GetString()!;
    }
}
