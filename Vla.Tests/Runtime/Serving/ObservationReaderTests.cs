using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Runtime.Serving;

namespace Vla.Tests.Runtime.Serving;

/// <summary>What a message says becomes what a policy sees, for as long as somebody waits for it.</summary>
public sealed class ObservationReaderTests
{
    [Fact]
    public void An_observation_is_made_as_often_as_a_stage_asks_for_it()
    {
        using var reader = Reader();
        reader.Take(WireReader.Read(WireClient.Observation()), out var words);
        var make = reader.Maker();

        using var first = make(1);
        using var second = make(2);

        Assert.Equal("pick up the red block", words);
        Assert.Equal((1L, 2L), (first[0].Sequence, second[0].Sequence));
        Assert.Equal(first[0].Pixels.ToArray(), second[0].Pixels.ToArray());
    }

    [Fact]
    public void An_observation_is_made_no_more_once_the_next_was_taken()
    {
        using var reader = Reader();
        reader.Take(WireReader.Read(WireClient.Observation()), out _);
        var make = reader.Maker();

        reader.Take(WireReader.Read(WireClient.Observation()), out _);

        Assert.Throws<WireException>(() => make(1));
        using var next = reader.Maker()(1);
    }

    [Fact]
    public void An_observation_is_made_no_more_once_its_client_has_gone()
    {
        var reader = Reader();
        reader.Take(WireReader.Read(WireClient.Observation()), out _);
        var make = reader.Maker();

        reader.Dispose();

        Assert.Throws<WireException>(() => make(1));
    }

    private static ObservationReader Reader() => new(ServedTabletop.Policy, WireLayout.Features, "");
}
