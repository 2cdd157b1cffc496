using System.Net;
using Microsoft.Extensions.Time.Testing;
using Vla.Runtime.Http;

namespace Vla.Tests.Runtime.Http;

public sealed class GuessingDelayTests
{
    private static readonly IPAddress Guesser = IPAddress.Parse("10.0.0.1");

    private readonly FakeTimeProvider _time = new();
    private readonly GuessingDelay _guessing;

    public GuessingDelayTests() => _guessing = new GuessingDelay(_time);

    [Fact]
    public async Task Each_wrong_token_waits_twice_as_long_as_the_one_before()
    {
        for (var wrong = 1; wrong <= 10; wrong++)
        {
            var expected = TimeSpan.FromSeconds(Math.Min(0.25 * Math.Pow(2, wrong - 1), 16));
            var wait = Wrong(Guesser);
            _time.Advance(expected - TimeSpan.FromMilliseconds(1));
            Assert.False(wait.IsCompleted);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal(wrong, await wait);
        }
    }

    [Fact]
    public async Task Others_do_not_wait_for_a_guesser()
    {
        for (var i = 0; i < 6; i++)
            await Waited(Guesser);
        var slow = Wrong(Guesser);

        var other = Wrong(IPAddress.Parse("10.0.0.2"));
        _time.Advance(GuessingDelay.FirstDelay);

        Assert.Equal(1, await other);
        Assert.False(slow.IsCompleted);
    }

    [Fact]
    public async Task Few_of_one_client_wait_at_a_time_and_the_rest_is_answered_at_once()
    {
        var waiting = Enumerable.Range(0, GuessingDelay.MaximumWaitingOfOne).Select(_ => Wrong(Guesser)).ToList();

        for (var i = 0; i < 1000; i++)
            Assert.Equal(0, await Wrong(Guesser));
        Assert.DoesNotContain(waiting, wait => wait.IsCompleted);

        // What was answered at once did not make the next wait longer.
        _time.Advance(GuessingDelay.Delay(GuessingDelay.MaximumWaitingOfOne));
        await Task.WhenAll(waiting);
        Assert.Equal(GuessingDelay.MaximumWaitingOfOne + 1, await Waited(Guesser));
    }

    [Fact]
    public async Task Few_wait_at_a_time_altogether()
    {
        for (var i = 0; i < GuessingDelay.MaximumWaiting; i++)
            Assert.False(Wrong(Client(i)).IsCompleted);

        Assert.Equal(0, await Wrong(Client(GuessingDelay.MaximumWaiting)));
        _time.Advance(GuessingDelay.FirstDelay);
        Assert.Equal(1, await Waited(Client(GuessingDelay.MaximumWaiting)));
    }

    [Fact]
    public async Task Memory_is_bounded_and_keeps_those_that_guessed_last()
    {
        await Waited(Guesser);
        for (var i = 0; i < 2 * GuessingDelay.MaximumClients; i++)
        {
            await Waited(Client(i));
            if (i % 20 == 0)
                await Waited(Guesser);
        }

        Assert.Equal(GuessingDelay.MaximumClients, _guessing.Clients);
        Assert.Equal(1, await Waited(Client(0)));
        Assert.True(await Waited(Guesser) > 20);
    }

    [Fact]
    public async Task A_client_that_guesses_no_more_is_forgiven()
    {
        await Waited(Guesser);
        await Waited(Guesser);

        _time.Advance(GuessingDelay.ForgetAfter + GuessingDelay.LongestDelay);

        Assert.Equal(1, await Waited(Guesser));
    }

    [Fact]
    public async Task A_client_that_leaves_makes_room_and_is_counted()
    {
        using var gone = new CancellationTokenSource();
        var wait = _guessing.WaitAsync(Guesser, gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);

        Assert.Equal(2, await Waited(Guesser));
    }

    private static IPAddress Client(int number) => new([10, 1, (byte)(number >> 8), (byte)number]);

    private Task<int> Wrong(IPAddress client) => _guessing.WaitAsync(client, CancellationToken.None);

    private async Task<int> Waited(IPAddress client)
    {
        var wait = Wrong(client);
        _time.Advance(GuessingDelay.LongestDelay);
        return await wait;
    }
}
