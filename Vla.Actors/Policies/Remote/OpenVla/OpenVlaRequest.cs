using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.Remote.OpenVla;

/// <summary>Writes observations as OpenVLA's clients do.</summary>
internal sealed class OpenVlaRequest(WireRequestParts parts) : WireRequest(parts)
{
    // A text is read by a program, not by a browser.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> _memory = new(1 << 20);
    private readonly ArrayBufferWriter<byte> _outer = new();
    private readonly bool _isTwice = parts.Address.Option(OpenVlaProtocol.Encoded) == OpenVlaProtocol.Twice;
    private readonly string? _unnorm = parts.Address.Option(OpenVlaProtocol.Unnorm);
    private byte[] _bytes = [];

    /// <inheritdoc/>
    protected override ReadOnlyMemory<byte> Write(
        Observation seen,
        IReadOnlyList<int> places,
        float[] state,
        string words
    )
    {
        _memory.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(_memory, Options))
            Write(writer, seen, places, state, words);
        if (!_isTwice)
            return _memory.WrittenMemory;
        _outer.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(_outer, Options))
        {
            writer.WriteStartObject();
            writer.WriteString("encoded"u8, _memory.WrittenSpan);
            writer.WriteEndObject();
        }

        return _outer.WrittenMemory;
    }

    private void Write(Utf8JsonWriter writer, Observation seen, IReadOnlyList<int> places, float[] state, string words)
    {
        writer.WriteStartObject();
        for (var i = 0; i < Pictures.Count; i++)
        {
            var named = Named(i, seen, places[i]);
            var frame = seen[places[i]];
            if (_bytes.Length != frame.Pixels.Length)
                _bytes = new byte[frame.Pixels.Length];
            WireWriter.ToPicture(frame.Pixels, _bytes, named.ChannelsFirst);
            Write(
                writer,
                named.Key,
                _bytes,
                "|u1",
                named.ChannelsFirst ? [3, frame.Height, frame.Width] : [frame.Height, frame.Width, 3]
            );
        }

        var written = 0;
        foreach (var part in Layout.State ?? (state.Length > 0 ? [new WireState("state", state.Length)] : []))
        {
            var values = state.AsSpan(written, part.Count);
            if (part.IsDouble)
            {
                double[] doubles = new double[part.Count];
                for (var i = 0; i < doubles.Length; i++)
                    doubles[i] = values[i];
                Write(writer, part.Key, MemoryMarshal.AsBytes<double>(doubles), "<f8", [part.Count]);
            }
            else
            {
                Write(writer, part.Key, MemoryMarshal.AsBytes(values), "<f4", [part.Count]);
            }

            written += part.Count;
        }

        if (Layout.Prompt is { } prompt)
            writer.WriteString(prompt, words);
        if (_unnorm is { } key)
            writer.WriteString("unnorm_key"u8, key);
        writer.WriteEndObject();
    }

    private static void Write(
        Utf8JsonWriter writer,
        string key,
        ReadOnlySpan<byte> data,
        string type,
        ReadOnlySpan<int> shape
    )
    {
        writer.WritePropertyName(key);
        WireJsonWriter.WriteArray(writer, data, type, shape);
    }
}
