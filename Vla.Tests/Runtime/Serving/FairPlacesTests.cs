using Vla.Runtime.Serving;

namespace Vla.Tests.Runtime.Serving;

/// <summary>Places, and whose turn it is.</summary>
public sealed class FairPlacesTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_client_with_many_requests_and_one_with_one_are_served_in_turn()
    {
        var places = new FairPlaces(1);
        Assert.True(places.TryTake());
        var order = new List<string>();
        Task[] waiting =
        [
            .. new[] { "a", "a", "a", "b", "c", "c" }.Select(
                (client, i) => Wait(places, client, $"{client}{i}", order)
            ),
        ];

        for (var i = 0; i < waiting.Length; i++)
        {
            places.Release();
            await WaitFor(order, i + 1);
        }

        await Task.WhenAll(waiting);
        Assert.Equal(["a0", "b3", "c4", "a1", "c5", "a2"], order);
        Assert.Equal(0, places.Free);
    }

    [Fact]
    public async Task Nobody_takes_a_place_that_somebody_waits_for()
    {
        var places = new FairPlaces(1);
        Assert.True(places.TryTake());
        var waits = places.TakeAsync("a", Long, default);

        places.Release();

        Assert.False(places.TryTake());
        Assert.True(await waits);
        places.Release();
        Assert.True(places.TryTake());
    }

    [Fact]
    public async Task Who_gives_up_is_not_waited_for()
    {
        var places = new FairPlaces(1);
        Assert.True(places.TryTake());
        Assert.False(await places.TakeAsync("a", TimeSpan.Zero, default));
        using var gone = new CancellationTokenSource();
        var leaves = places.TakeAsync("a", Long, gone.Token);
        var stays = places.TakeAsync("a", Long, default);

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        places.Release();

        Assert.True(await stays);
        places.Release();
        Assert.Equal(1, places.Free);
    }

    private static async Task Wait(FairPlaces places, string client, string name, List<string> order)
    {
        Assert.True(await places.TakeAsync(client, Long, default));
        lock (order)
            order.Add(name);
    }

    private static async Task WaitFor(List<string> order, int count)
    {
        using var limit = new CancellationTokenSource(Long);
        while (true)
        {
            lock (order)
            {
                if (order.Count >= count)
                    return;
            }

            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
