using static OnlineRlhf.Storage.Tests.DamagedState;

namespace OnlineRlhf.Storage.Tests;

public class DamagedFileTests
{
    private const int Dimension = 8;

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(8192)]
    [InlineData(20_000)]
    public void A_truncated_file_is_moved_aside(int length)
    {
        using var folder = new StateFolder(Dimension);
        folder.Fill(20);
        using (FileStream file = File.OpenWrite(folder.Data))
            file.SetLength(length);
        byte[] found = File.ReadAllBytes(folder.Data);
        using (ProfileStore store = folder.Open())
        {
            Assert.Equal(RecoveryOutcome.Lost, store.Recovery.Outcome);
            Assert.Equal(found, File.ReadAllBytes(store.Recovery.MovedAsideTo!));
        }
        AssertCleanAndGoesOn(folder, 0, 20);
    }

    [Fact]
    public void Garbage_is_moved_aside_and_never_over_an_earlier_copy()
    {
        using var folder = new StateFolder(Dimension);
        for (int i = 1; i <= 3; i++)
        {
            folder.Fill(5);
            byte[] garbage = new byte[30_000];
            new Random(i).NextBytes(garbage);
            File.WriteAllBytes(folder.Data, garbage);
            using ProfileStore store = folder.Open();
            Assert.EndsWith($"state.db.damaged-{i}", store.Recovery.MovedAsideTo, StringComparison.Ordinal);
            Assert.Equal(garbage, File.ReadAllBytes(store.Recovery.MovedAsideTo!));
        }
    }

    [Fact]
    public void A_file_with_any_page_overwritten_opens_with_a_state_of_the_past_or_a_fresh_one()
    {
        using var folder = new StateFolder(48);
        folder.Fill(130);
        byte[] sound = File.ReadAllBytes(folder.Data);
        int pages = sound.Length / 8192,
            rounds = KillTests.LongForm ? 20 : 2;
        var outcomes = new Dictionary<RecoveryOutcome, int>();
        for (int i = 0; i < rounds * pages; i++)
        {
            byte[] torn = [.. sound];
            var random = new Random(i);
            Span<byte> page = torn.AsSpan(i % pages * 8192, 8192);
            switch (((i / pages) + i) % 4)
            {
                case 0:
                    random.NextBytes(page);
                    break;
                case 1:
                    page[random.Next(8192)..].Clear();
                    break;
                case 2:
                    torn.AsSpan(random.Next(pages) * 8192, 8192).CopyTo(page);
                    break;
                default:
                    for (int n = 0; n < 20; n++)
                        page[random.Next(8192)] ^= (byte)(1 << random.Next(8));
                    break;
            }
            Directory.Delete(folder.Profile, recursive: true);
            _ = Directory.CreateDirectory(folder.Profile);
            File.WriteAllBytes(folder.Data, torn);
            long sequence;
            try
            {
                using ProfileStore store = folder.Open();
                sequence = store.Sequence;
                Oracle.AssertSame(Oracle.After(sequence, 48), store.CatchUp());
                outcomes[store.Recovery.Outcome] = outcomes.GetValueOrDefault(store.Recovery.Outcome) + 1;
            }
            catch (StateException refused)
            {
                // A header that still reads can name another model only by a flip that its checksum misses.
                Assert.Fail($"round {i}: {refused.Reason} {refused.Message}");
                throw;
            }
            try
            {
                AssertCleanAndGoesOn(folder, sequence, sequence + 60);
            }
            catch (StateException failed)
            {
                Assert.Fail($"round {i}: {failed.Reason} {failed.Message}");
            }
        }
        Assert.True(
            outcomes.GetValueOrDefault(RecoveryOutcome.Repaired) > outcomes.GetValueOrDefault(RecoveryOutcome.Lost),
            string.Join(", ", outcomes)
        );
    }
}
