using Microsoft.Extensions.Time.Testing;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Daemon.Http.Access;
using OnlineRlhf.Rounds;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Tests.Access;

/// <summary>Keys are made once, found by their text alone, and survive a restart.</summary>
public sealed class KeyStoreTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 30, 23, 59, 0, TimeSpan.Zero));
    private readonly string _state = Directory.CreateTempSubdirectory("onlinerlhf-keys-").FullName;

    private string FilePath => Path.Combine(_state, "keys");

    [Fact]
    public void A_key_is_found_by_its_text_also_after_a_restart()
    {
        (AccessKey anna, string text) = New().Add("anna", "anna", mayNameProfiles: false, isTalkLearned: true);
        (_, string other) = New().Add("house", "default", mayNameProfiles: true, isTalkLearned: false);

        KeyStore store = New();
        Assert.Matches("^orlhf-[A-Za-z0-9_-]{43}$", text);
        Assert.NotEqual(text, other);
        Assert.Equal(new Caller(anna.Id, "anna", false, true), store.Find(text)!.Caller);
        Caller house = store.Find(other)!.Caller;
        Assert.Equal(("default", true, false), (house.Profile, house.MayNameProfiles, house.IsTalkLearned));
        Assert.Equal(new DateOnly(2026, 11, 30), anna.Created);
    }

    [Fact]
    public void The_file_holds_no_text_and_is_its_owner_s_alone()
    {
        (_, string text) = New().Add("anna", "anna", false, true);
        byte[] file = File.ReadAllBytes(FilePath);
        Assert.Equal(-1, file.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(text["orlhf-".Length..])));
        Assert.Equal(Owner, File.GetUnixFileMode(FilePath));
    }

    [Theory]
    [InlineData("")]
    [InlineData("orlhf-")]
    [InlineData("orlhf-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("orlhf-ÄAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void Another_text_is_no_key(string text)
    {
        KeyStore store = New();
        store.Add("anna", "anna", false, true);
        Assert.Null(store.Find(text));
    }

    [Fact]
    public void A_text_with_one_other_letter_is_no_key()
    {
        KeyStore store = New();
        (_, string text) = store.Add("anna", "anna", false, true);
        for (int i = 0; i < text.Length; i++)
            Assert.Null(store.Find($"{text[..i]}{(text[i] == 'A' ? 'B' : 'A')}{text[(i + 1)..]}"));
        Assert.Null(store.Find(text + "="));
        Assert.NotNull(store.Find(text));
    }

    [Fact]
    public void The_digest_is_SHA_256()
    {
        // A text of the length of a key, and its digest by sha256sum.
        byte[] digest = KeyText.Digest("orlhf-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")!;
        Assert.Equal(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("orlhf-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"u8)),
            Convert.ToHexStringLower(digest)
        );
    }

    [Fact]
    public void A_removed_key_is_found_no_more_and_its_requests_end()
    {
        KeyStore store = New();
        (_, string text) = store.Add("anna", "anna", false, true);
        (_, string other) = store.Add("ben", "ben", false, true);
        HeldKey held = store.Find(text)!;

        Assert.Equal("anna", store.Remove("anna").Name);

        Assert.True(held.Removed.IsCancellationRequested);
        Assert.Null(store.Find(text));
        Assert.Null(New().Find(text));
        Assert.NotNull(New().Find(other));
        Assert.Equal(RoundError.Unknown, Assert.Throws<RoundException>(() => store.Remove("anna")).Error);
        // Another key of this name is another source.
        Assert.NotEqual(held.Caller.Source, store.Add("anna", "anna", false, true).Key.Id);
    }

    [Fact]
    public void A_name_is_given_once_and_there_is_a_most()
    {
        KeyStore store = New();
        for (int i = 0; i < KeyStore.Most; i++)
            store.Add($"{i}" + new string('x', 62), new string('y', 64), false, true);
        Assert.Equal(ProblemKind.KeyExists, Refused("0" + new string('x', 62)));
        Assert.Equal(ProblemKind.TooManyKeys, Refused("one-more"));
        Assert.Equal(store.All.Select(k => k.Key.Name), New().All.Select(k => k.Key.Name));
        store.Remove("7" + new string('x', 62));
        store.Add("one-more", "default", false, true);

        ProblemKind Refused(string name) => Assert.Throws<AccessException>(() => store.Add(name, "default", false, true)).Kind;
    }

    [Fact]
    public void A_damaged_file_is_an_error_and_is_kept_until_somebody_mends_it()
    {
        New().Add("anna", "anna", false, true);
        byte[] whole = File.ReadAllBytes(FilePath);
        foreach (
            byte[] damaged in (byte[][])
                [
                    [],
                    whole[..^1],
                    [.. whole[..20], 1, .. whole[21..]],
                    [.. whole, 0],
                    new byte[whole.Length],
                ]
        )
        {
            File.WriteAllBytes(FilePath, damaged);
            KeyStore store = New();
            Assert.Contains("delete it", store.Problem, StringComparison.Ordinal);
            Assert.Throws<StateException>(() => store.Find("x"));
            Assert.Throws<StateException>(() => store.Add("ben", "ben", false, true));
            Assert.Throws<StateException>(() => store.Remove("anna"));
            Assert.Equal(damaged, File.ReadAllBytes(FilePath));
            File.WriteAllBytes(FilePath, whole);
            Assert.Null(store.Problem);
            Assert.Single(store.All);
        }
    }

    [Fact]
    public void A_file_that_others_may_read_is_taken_away_from_them()
    {
        New().Add("anna", "anna", false, true);
        File.SetUnixFileMode(FilePath, Owner | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Assert.Single(New().All);
        Assert.Equal(Owner, File.GetUnixFileMode(FilePath));
    }

    [Fact]
    public void What_cannot_be_written_changes_nothing()
    {
        KeyStore store = New();
        (_, string text) = store.Add("anna", "anna", false, true);
        // A folder stands where the new file is to be made.
        Directory.CreateDirectory(FilePath + ".new");
        Assert.Throws<StateException>(() => store.Add("ben", "ben", false, true));
        Assert.Throws<StateException>(() => store.Remove("anna"));
        Assert.NotNull(store.Find(text));
        Assert.Single(New().All);
    }

    public void Dispose() => Directory.Delete(_state, recursive: true);

    private KeyStore New() => new(_state, _clock);
}
