using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Vla.Runtime.Networks.Ros;

/// <summary>Writes rosbridge's operations (protocol 2: JSON texts). Reuses its memory: for one thread.</summary>
internal sealed class RosMessages : IDisposable
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> _buffer = new(1_024);
    private readonly Utf8JsonWriter _writer;

    public RosMessages() => _writer = new Utf8JsonWriter(_buffer, Options);

    /// <summary>Announces that a topic is published to.</summary>
    public ReadOnlyMemory<byte> Advertise(string topic, string type)
    {
        Begin("advertise", topic);
        _writer.WriteString("type"u8, type);
        // The newest counts, and no other.
        _writer.WriteNumber("queue_size"u8, 1);
        return End();
    }

    /// <summary>Asks for a topic's messages, the newest where several wait.</summary>
    /// <param name="topic">Which.</param>
    /// <param name="type">As the version calls it.</param>
    /// <param name="rateHz">Messages a second at most; 0 for all.</param>
    public ReadOnlyMemory<byte> Subscribe(string topic, string type, double rateHz)
    {
        Begin("subscribe", topic);
        _writer.WriteString("type"u8, type);
        _writer.WriteNumber("throttle_rate"u8, rateHz > 0 ? (int)(1_000 / rateHz) : 0);
        _writer.WriteNumber("queue_length"u8, 1);
        return End();
    }

    /// <summary>A question that is answered, whatever with, once all before it was taken in.</summary>
    public ReadOnlyMemory<byte> Ask(string service, string id)
    {
        Begin("call_service", null);
        _writer.WriteString("id"u8, id);
        _writer.WriteString("service"u8, service);
        return End();
    }

    /// <summary>One topic's message of an action.</summary>
    public ReadOnlyMemory<byte> Publish(RosCommand command, ReadOnlySpan<float> values, int version)
    {
        Begin("publish", command.Topic);
        _writer.WritePropertyName("msg"u8);
        command.Write(_writer, values, version);
        return End();
    }

    /// <summary>A text.</summary>
    public ReadOnlyMemory<byte> PublishText(string topic, ReadOnlySpan<byte> utf8)
    {
        Begin("publish", topic);
        _writer.WriteStartObject("msg"u8);
        _writer.WriteString("data"u8, utf8);
        _writer.WriteEndObject();
        return End();
    }

    public void Dispose() => _writer.Dispose();

    private void Begin(string operation, string? topic)
    {
        _buffer.ResetWrittenCount();
        _writer.Reset(_buffer);
        _writer.WriteStartObject();
        _writer.WriteString("op"u8, operation);
        if (topic is not null)
            _writer.WriteString("topic"u8, topic);
    }

    private ReadOnlyMemory<byte> End()
    {
        _writer.WriteEndObject();
        _writer.Flush();
        return _buffer.WrittenMemory;
    }
}
