using Vla.Runtime.Serving;

namespace Vla.Tests.Runtime.Serving;

/// <summary>What is kept of clients, bounded.</summary>
public sealed class RecentClientsTests
{
    [Fact]
    public void For_a_new_client_the_one_that_was_away_longest_is_forgotten_and_nobody_else()
    {
        var made = 0;
        var clients = new RecentClients<int>(3, _ => ++made);
        Assert.Equal([1, 2, 3], [clients.Of("a"), clients.Of("b"), clients.Of("c")]);

        Assert.Equal(1, clients.Of("a"));
        Assert.Equal(4, clients.Of("d"));

        Assert.Equal([1, 3, 4], [clients.Of("a"), clients.Of("c"), clients.Of("d")]);
        Assert.Equal(5, clients.Of("b"));
    }

    [Fact]
    public void Any_number_of_names_takes_no_more_memory_than_those_that_are_kept()
    {
        var clients = new RecentClients<byte[]>(8, _ => new byte[1 << 10]);
        for (var i = 0; i < 1_000; i++)
            clients.Of($"{i}");
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var i = 0; i < 20_000; i++)
            clients.Of($"{i}");

        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 10 << 20);
        GC.KeepAlive(clients);
    }
}
