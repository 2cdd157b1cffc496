using System.Net;
using System.Net.Sockets;
using System.Text;
using Vla.Actors.Robots;
using Vla.Runtime.Http;

namespace Vla.Tests.Runtime.Http;

/// <summary>A stop gets through whatever others do with their connections.</summary>
public sealed class StopUnderLoadTests : IDisposable
{
    private const string Dripped = "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
    private const string SlowBody = "POST /instruction HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\nslow";
    private const string Answered = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private readonly List<Socket> _load = [];

    public void Dispose() => _load.ForEach(socket => socket.Dispose());

    [Theory]
    [InlineData(64, "", false)]
    [InlineData(256, "", true)]
    [InlineData(2_500, "", false)]
    [InlineData(64, Answered, false)]
    [InlineData(300, Dripped, false)]
    [InlineData(100, SlowBody, false)]
    [InlineData(100, SlowBody, true)]
    public async Task Every_stop_on_a_connection_of_its_own_is_answered(int connections, string said, bool withToken)
    {
        const int stops = 24;
        await using var rig = await ApiRig.StartAsync(withToken);
        for (var i = 0; i < connections; i++)
            await LoadAsync(rig, said);

        for (var i = 0; i < stops; i++)
        {
            var answer = await Ticking(rig, rig.Client(withToken ? ApiRig.Token : null).PostAsync("/stop", null));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        rig.Tick();
        Assert.Equal(ControlState.Stop, rig.Robot.Last.State);
    }

    [Fact]
    public async Task Where_every_connection_is_busy_others_are_told_so_and_stop_and_resume_are_served()
    {
        await using var rig = await ApiRig.StartAsync(withToken: false);
        for (var i = 0; i < ConnectionPlaces.OfOne; i++)
            await LoadAsync(rig, SlowBody);
        // A busy connection is one whose request the server has begun with.
        var turnedAway = await rig.Client().GetAsync("/nowhere");
        while (turnedAway.StatusCode == HttpStatusCode.NotFound)
        {
            // On a busy machine the first of them have been given up for slowness before the last one is begun with.
            await LoadAsync(rig, SlowBody);
            turnedAway = await rig.Client().GetAsync("/nowhere");
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, turnedAway.StatusCode);
        Assert.Contains(
            "too many requests are under way",
            await turnedAway.Content.ReadAsStringAsync(),
            StringComparison.Ordinal
        );
        Assert.True(turnedAway.Headers.ConnectionClose);
        Assert.Equal(HttpStatusCode.OK, (await Ticking(rig, rig.Client().PostAsync("/stop", null))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Ticking(rig, rig.Client().PostAsync("/resume", null))).StatusCode);
    }

    /// <summary>A stop is answered when a tick has taken it.</summary>
    private static async Task<HttpResponseMessage> Ticking(ApiRig rig, Task<HttpResponseMessage> answer)
    {
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!answer.IsCompleted)
        {
            await look.WaitForNextTickAsync();
            rig.Tick();
        }

        return await answer;
    }

    private async Task LoadAsync(ApiRig rig, string said)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _load.Add(socket);
        await socket.ConnectAsync(IPAddress.Loopback, rig.Address.Port);
        if (said.Length == 0)
            return;
        try
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(said));
        }
        catch (SocketException)
        {
            // It had to make room already.
        }
    }
}
