using System.Text;
using System.Text.Json;
using NetMQ;
using NetMQ.Sockets;
using OpenCvSharp;
using Vla.Runtime.Networks.LeKiwi;

namespace Vla.Tests.Runtime.Networks.LeKiwi;

/// <summary>LeKiwi's host, as it talks: it says where it is all the time, and keeps what it is told.</summary>
internal sealed class KiwiPeer : IDisposable
{
    private readonly PullSocket _commands = new();
    private readonly PushSocket _observations = new();
    private readonly Thread _thread;
    private readonly List<JsonElement> _told = [];
    private volatile bool _ends;
    private volatile byte[][]? _says;

    /// <param name="isNew">Whether pictures come in frames of their own.</param>
    public KiwiPeer(bool isNew)
    {
        _observations.Options.SendHighWatermark = 2;
        _observations.Options.Linger = TimeSpan.Zero;
        CommandPort = _commands.BindRandomPort("tcp://127.0.0.1");
        StatePort = _observations.BindRandomPort("tcp://127.0.0.1");
        _says = Observation(isNew, 0);
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    public int CommandPort { get; }

    public int StatePort { get; }

    public string Address => $"lekiwi://127.0.0.1:{CommandPort}?states={StatePort}";

    /// <summary>What it says from now on; null for nothing.</summary>
    public byte[][]? Says
    {
        get => _says;
        set => _says = value;
    }

    /// <summary>What it was told since it was last asked.</summary>
    public IReadOnlyList<JsonElement> Drain()
    {
        lock (_told)
        {
            JsonElement[] told = [.. _told];
            _told.Clear();
            return told;
        }
    }

    public JsonElement? Told(Func<JsonElement, bool> wanted)
    {
        lock (_told)
            return _told.Any(wanted) ? _told.Last(wanted) : null;
    }

    /// <summary>A picture whose left half is red, as the host has it: the encoder takes red for blue.</summary>
    public static byte[] RedLeft()
    {
        using var rgb = new Mat(48, 64, MatType.CV_8UC3, new Scalar(0, 0, 0));
        rgb[new Rect(0, 0, 32, 48)].SetTo(new Scalar(255, 0, 0));
        return rgb.ImEncode(".jpg");
    }

    public static byte[][] Observation(bool isNew, double pan)
    {
        var text = new StringBuilder("{");
        for (var i = 0; i < LeKiwiForm.Names.Count; i++)
            text.Append(FormattableString.Invariant($"\"{LeKiwiForm.Names[i]}\": {(i == 0 ? pan : i)}, "));
        if (isNew)
            return [Encoding.UTF8.GetBytes(text + "\"_cams\": [\"wrist\", \"front\"]}"), [], RedLeft()];
        text.Append($"\"wrist\": \"\", \"front\": \"{Convert.ToBase64String(RedLeft())}\"}}");
        return [Encoding.UTF8.GetBytes(text.ToString())];
    }

    public void Dispose()
    {
        _ends = true;
        _thread.Join(RobotPeer.Patience);
        _commands.Dispose();
        _observations.Dispose();
    }

    private void Run()
    {
        while (!_ends)
        {
            if (_commands.TryReceiveFrameBytes(TimeSpan.FromMilliseconds(20), out var command))
            {
                lock (_told)
                    _told.Add(JsonSerializer.Deserialize<JsonElement>(command!));
            }

            if (_says is not { } says)
                continue;
            var message = new NetMQMessage();
            foreach (var frame in says)
                message.Append(frame);
            _observations.TrySendMultipartMessage(message);
        }
    }
}
