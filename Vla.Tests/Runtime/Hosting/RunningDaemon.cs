using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Vla.Runtime.Commands;
using Vla.Runtime.Settings;

namespace Vla.Tests.Runtime.Hosting;

/// <summary>A whole daemon in this process: its actions come as datagrams, and it is steered over HTTP.</summary>
internal sealed class RunningDaemon : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly UdpClient _listener = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly CancellationTokenSource _end = new();
    private readonly Task _run;

    /// <param name="settings">What to run; where it publishes and listens is set here.</param>
    public RunningDaemon(VlaSettings settings)
    {
        Http.BaseAddress = new Uri($"http://127.0.0.1:{FreePort.Find()}");
        settings.Outputs = [$"udp://127.0.0.1:{((IPEndPoint)_listener.Client.LocalEndPoint!).Port}"];
        // Nothing moves that could be hurt.
        (settings.World.DrivesRobot, settings.AllowUntrained) = (true, true);
        settings.Http = Http.BaseAddress.ToString();
        // A machine under test may be slow; what is tested here is the flow.
        settings.Control.MaximumActionAgeMs = 10_000;
        settings.Log.Level = Microsoft.Extensions.Logging.LogLevel.None;
        _run = Task.Run(() => Daemon.RunAsync(settings, Repository.File("config"), _end.Token));
    }

    public HttpClient Http { get; } = new();

    /// <summary>Waits for the next published action that is as wanted; fails when the daemon fails.</summary>
    public async Task<JsonElement> NextAsync(Func<JsonElement, bool> wanted)
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (true)
        {
            var received = _listener.ReceiveAsync(timeout.Token).AsTask();
            if (await Task.WhenAny(received, _run) == _run)
                await _run;
            var action = Read((await received).Buffer);
            if (wanted(action))
                return action;
        }
    }

    /// <summary>Ends the daemon.</summary>
    /// <returns>The actions that nobody had looked at, the last message among them.</returns>
    public async Task<IReadOnlyList<JsonElement>> EndAsync()
    {
        await _end.CancelAsync();
        await _run;
        var left = new List<JsonElement>();
        while (_listener.Available > 0)
            left.Add(Read((await _listener.ReceiveAsync()).Buffer));
        return left;
    }

    /// <summary>For after <see cref="EndAsync"/>.</summary>
    public void Dispose()
    {
        Http.Dispose();
        _listener.Dispose();
        _end.Dispose();
    }

    private static JsonElement Read(byte[] datagram) =>
        JsonSerializer.Deserialize<JsonElement>(Encoding.UTF8.GetString(datagram));
}
