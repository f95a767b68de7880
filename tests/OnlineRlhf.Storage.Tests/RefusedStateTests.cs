using LiteDB;
using OnlineRlhf.Storage.CrashWriter;
using OnlineRlhf.Storage.Layout;
using static OnlineRlhf.Storage.Tests.DamagedState;

namespace OnlineRlhf.Storage.Tests;

public class RefusedStateTests
{
    private const int Dimension = 8;

    [Fact]
    public void A_state_of_another_model_map_or_dimension_is_refused_and_left_as_it_is()
    {
        using var folder = new StateFolder(Dimension);
        folder.Fill(20, paced: false);
        byte[] before = File.ReadAllBytes(folder.Data);
        StateIdentity own = Known.Identity(Dimension);
        foreach (
            StateIdentity other in new[] { own with { ModelFingerprint = "b" }, own with { FeatureMapFingerprint = "b" }, own with { Dimension = 9 } }
        )
        {
            StateException refused = Assert.Throws<StateException>(() => folder.Open(identity: other));
            Assert.Equal(StateError.DoesNotFit, refused.Reason);
            Assert.Contains(folder.Data, refused.Message, StringComparison.Ordinal);
        }
        Assert.Equal(before, File.ReadAllBytes(folder.Data));
        AssertCleanAndGoesOn(folder, 20, 40);
    }

    [Fact]
    public void A_state_of_another_map_that_is_recognised_opens_and_keeps_its_own()
    {
        using var folder = new StateFolder(Dimension);
        StateIdentity created = Known.Identity(Dimension) with { Scales = [0.25, 3, 0] },
            other = created with { FeatureMapFingerprint = "b", Scales = [7, 7, 7] };
        folder.Open(identity: created).Dispose();
        folder.Fill(20, paced: false);
        // The second opening writes the whole file anew, under other hyper-parameters.
        foreach (double step in (double[])[1, 0.5, 0.5])
        {
            StateIdentity? asked = null;
            using ProfileStore store = folder.Open(new Learning.HyperParameters(step), other, recognise: stored => asked = stored);
            Assert.Equal((created, 20L), (asked, store.Sequence));
            Assert.Equal(created, store.Identity);
            Assert.Equal([0.25, 3, 0], store.Identity.Scales);
        }
        Assert.Throws<StateException>(() => folder.Open(identity: other, recognise: _ => null));
        Assert.Throws<StateException>(() => folder.Open(identity: other with { ModelFingerprint = "b" }, recognise: stored => stored));
        Assert.Throws<StateException>(() => folder.Open(identity: other with { Dimension = 9 }, recognise: stored => stored));
    }

    [Fact]
    public void A_state_of_a_newer_format_is_refused_and_left_as_it_is()
    {
        using var folder = new StateFolder(Dimension);
        folder.Fill(20);
        using (LiteDatabase database = Raw(folder))
        {
            ILiteCollection<BsonDocument> meta = database.GetCollection(StateFormat.Meta);
            BsonDocument header = meta.FindById(0);
            header["format"] = StateFormat.Version + 1;
            header["new"] = "something";
            Assert.True(meta.Update(header));
        }
        byte[] before = File.ReadAllBytes(folder.Data);
        Assert.Equal(StateError.NewerFormat, Assert.Throws<StateException>(() => folder.Open()).Reason);
        Assert.Equal(before, File.ReadAllBytes(folder.Data));
    }
}
