using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Vla.Runtime.Hosting;
using Vla.Runtime.Settings;

namespace Vla.Tests.Runtime.Hosting;

/// <summary>The whole daemon on the simulated tabletop, with the scripted expert as its policy.</summary>
public sealed class DaemonWorldTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly UdpClient _listener = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly CancellationTokenSource _end = new();
    private readonly HttpClient _http = new();
    private Task _run = Task.CompletedTask;

    public Task InitializeAsync()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        _http.BaseAddress = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}");
        probe.Stop();
        var settings = new VlaSettings
        {
            Camera = "world?size=160x120",
            Policy = "expert",
            Robot = "robots/tabletop.json",
            Outputs = [$"udp://127.0.0.1:{((IPEndPoint)_listener.Client.LocalEndPoint!).Port}"],
            Http = _http.BaseAddress.ToString(),
        };
        // A machine under test may be slow; what is tested here is the flow.
        settings.Control.MaximumActionAgeMs = 10_000;
        settings.World.AttemptSeconds = 120;
        settings.Log.Level = Microsoft.Extensions.Logging.LogLevel.None;
        _run = Task.Run(() => Daemon.RunAsync(settings, Repository.File("config"), _end.Token));
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _end.CancelAsync();
        await _run;
    }

    public void Dispose()
    {
        _http.Dispose();
        _end.Dispose();
        _listener.Dispose();
    }

    [Fact]
    public async Task An_instruction_is_carried_out_and_judged_and_another_table_can_be_laid()
    {
        var world = await WorldAsync(_ => true);
        Assert.Equal((1, 1, "none"), (Number(world, "level"), Number(world, "episode"), Word(world, "judgement")));
        var block = world.GetProperty("blocks")[0].GetString();

        await _http.PostAsync("/instruction", new StringContent($"please reach above the {block} block"));
        world = await WorldAsync(now => Word(now, "judgement") == "succeeded");
        Assert.Equal(($"reach above the {block} block", 1, 1), (Word(world, "task"), Number(world, "successes"), Number(world, "attempts")));

        var laid = await _http.PostAsync("/world/episode", JsonContent.Create(new { seed = 7 }));
        Assert.Equal((7, 2, 1), await FiguresAsync(laid));
        Assert.Equal((8, 3, 1), await FiguresAsync(await _http.PostAsync("/world/episode", null)));

        Assert.Equal(HttpStatusCode.BadRequest, (await _http.PostAsync("/world/episode", JsonContent.Create(new { seed = -1 }))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await _http.PostAsync("/world/episode", new StringContent("seven"))).StatusCode);
        Assert.Equal(8, Number(await WorldAsync(_ => true), "seed"));
    }

    private static async Task<(long Seed, long Episode, long Successes)> FiguresAsync(HttpResponseMessage answer)
    {
        var world = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (Number(world, "seed"), Number(world, "episode"), Number(world, "successes"));
    }

    private static long Number(JsonElement world, string name) => world.GetProperty(name).GetInt64();

    private static string? Word(JsonElement world, string name) => world.GetProperty(name).GetString();

    /// <summary>Looks after every action until it is as wanted.</summary>
    private async Task<JsonElement> WorldAsync(Func<JsonElement, bool> wanted)
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (true)
        {
            if (await Task.WhenAny(_listener.ReceiveAsync(timeout.Token).AsTask(), _run) == _run) await _run;
            timeout.Token.ThrowIfCancellationRequested();
            var world = (await _http.GetFromJsonAsync<JsonElement>("/status", timeout.Token)).GetProperty("world");
            if (wanted(world)) return world;
        }
    }
}
