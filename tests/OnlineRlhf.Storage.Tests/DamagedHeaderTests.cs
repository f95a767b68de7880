using System.Text;

namespace OnlineRlhf.Storage.Tests;

public sealed class DamagedHeaderTests
{
    [Theory]
    [InlineData("eta")]
    [InlineData("lambda")]
    public void A_flipped_sign_in_a_checkpoints_header_costs_that_checkpoint_only(string field)
    {
        using var folder = new StateFolder(8);
        folder.Fill(27);
        byte[] file = File.ReadAllBytes(folder.Data);
        byte[] value = [1, .. Encoding.ASCII.GetBytes(field), 0, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F];
        // The first occurrence is the file's own header, the second a checkpoint's.
        int first = file.AsSpan().IndexOf(value),
            second = first + 1 + file.AsSpan(first + 1).IndexOf(value);
        Assert.True(second > first);
        file[second + value.Length - 1] ^= 0x80;
        File.WriteAllBytes(folder.Data, file);
        using ProfileStore store = folder.Open();
        Assert.Equal(27, store.Sequence);
    }
}
