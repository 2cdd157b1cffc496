using MessagePack;
using NetMQ;
using NetMQ.Sockets;
using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Tests.Actors.Policies.Remote.Gr00t;

/// <summary>A ZeroMQ server that answers with what a test wants; null for nothing.</summary>
internal sealed class FakeZmqServer : IDisposable
{
    private readonly ResponseSocket _socket = new();
    private readonly Thread _thread;
    private volatile bool _ends;

    /// <param name="answer">To a question other than for modalities, those apart.</param>
    /// <param name="modalities">What is answered to that.</param>
    public FakeZmqServer(Func<WireMap, byte[]?> answer, byte[]? modalities = null)
    {
        Port = _socket.BindRandomPort("tcp://127.0.0.1");
        _thread = new Thread(() =>
        {
            while (!_ends)
            {
                if (!_socket.TryReceiveFrameBytes(TimeSpan.FromMilliseconds(20), out var question))
                    continue;
                var map = WireReader.Read(question);
                var given = map.FindText("endpoint") == "get_modality_config" ? modalities ?? [0x80] : answer(map);
                if (given is null)
                    return;
                _socket.SendFrame(given);
            }
        })
        {
            IsBackground = true,
        };
        _thread.Start();
    }

    public int Port { get; }

    /// <summary>Actions by their keys, each [1, horizon, count] of a value, in a list with nothing else.</summary>
    public static byte[] Chunk(int horizon, float value, params (string Key, int Count)[] keys) =>
        WireBytesTests.Written(
            (ref MessagePackWriter to) =>
            {
                to.WriteArrayHeader(2);
                to.WriteMapHeader(keys.Length);
                foreach (var (key, count) in keys)
                {
                    to.Write(key);
                    var values = new float[horizon * count];
                    Array.Fill(values, value);
                    WireWriter.WriteNumpyFile(ref to, values, 1, horizon, count);
                }

                to.WriteMapHeader(0);
            }
        );

    public static byte[] Error(string why) =>
        WireBytesTests.Written(
            (ref MessagePackWriter to) =>
            {
                to.WriteMapHeader(1);
                to.Write("error");
                to.Write(why);
            }
        );

    public void Dispose()
    {
        _ends = true;
        _thread.Join(TimeSpan.FromSeconds(10));
        _socket.Dispose();
    }
}
