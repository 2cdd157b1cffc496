using System.Net;
using Microsoft.Extensions.Time.Testing;
using Vla.Runtime.Http;

namespace Vla.Tests.Runtime.Http;

public sealed class ConnectionPlacesTests
{
    private static readonly IPAddress Me = IPAddress.Parse("10.0.0.1");
    private static readonly IPAddress Other = IPAddress.Parse("10.0.0.2");

    private readonly FakeTimeProvider _time = new();
    private readonly ConnectionPlaces _places;
    private readonly List<int> _closed = [];
    private int _taken;

    public ConnectionPlacesTests() => _places = new ConnectionPlaces(_time);

    [Fact]
    public void A_new_connection_always_gets_in_and_the_one_that_was_idle_longest_makes_room()
    {
        var idle = Fill(Me, ConnectionPlaces.OfIdle);
        idle[0].Begin();
        idle[0].End();

        Assert.True(Take(Me).Begin());
        Assert.Equal([1], _closed);
        Fill(Me, 2);

        Assert.Equal([1, 2], _closed);
    }

    [Fact]
    public void Who_has_most_makes_room_for_others()
    {
        var mine = Take(Me);
        Fill(Other, ConnectionPlaces.OfIdle - 1);

        Fill(Me, 10);

        Assert.Equal(Enumerable.Range(1, 10), _closed);
        Assert.True(mine.Begin());
    }

    [Fact]
    public void Who_has_shown_the_token_is_closed_last()
    {
        foreach (var mine in Fill(Me, 3))
            mine.ShowToken();
        Fill(Me, ConnectionPlaces.OfIdle - 3);

        Fill(Me, ConnectionPlaces.OfIdle - 3);

        Assert.DoesNotContain(_closed, number => number < 3);
    }

    [Fact]
    public void A_connection_with_a_request_under_way_is_not_closed()
    {
        Take(Me).Begin();

        Fill(Me, 2 * ConnectionPlaces.OfIdle);

        Assert.DoesNotContain(0, _closed);
    }

    [Fact]
    public void One_client_has_so_many_requests_under_way_and_others_have_theirs()
    {
        var mine = Fill(Me, ConnectionPlaces.OfOne);
        Assert.All(mine, place => Assert.True(place.Begin()));

        Assert.False(Take(Me).Begin());
        Assert.True(Take(Other).Begin());
        mine[0].End();
        mine[1].Dispose();
        Assert.True(Take(Me).Begin());
    }

    [Fact]
    public void All_together_have_so_many_requests_under_way()
    {
        for (var i = 0; i < ConnectionPlaces.OfAll; i++)
            Assert.True(Take(new IPAddress([10, 1, 0, (byte)(i / 50)])).Begin());

        Assert.False(Take(Me).Begin());
    }

    private List<ConnectionPlace> Fill(IPAddress client, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => Take(client))];

    /// <summary>Takes a place a moment later; its number is noted when it has to close.</summary>
    private ConnectionPlace Take(IPAddress client)
    {
        var number = _taken++;
        _time.Advance(TimeSpan.FromMilliseconds(1));
        return _places.Take(client, () => _closed.Add(number));
    }
}
