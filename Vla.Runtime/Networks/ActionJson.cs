using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Vla.Actors.Control;
using Vla.Actors.Pipeline;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Robots;
using Vla.Sensors;

namespace Vla.Runtime.Networks;

/// <summary>
/// Writes a published action as one line of JSON; <c>config/published-action.schema.json</c> describes it.
/// </summary>
/// <remarks>Reuses its buffer: one instance for each output, used by one thread at a time.</remarks>
internal sealed class ActionJson : IDisposable
{
    // Instructions stay readable in any script; the text is data for programs, never a part of a web page.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ArrayBufferWriter<byte> _buffer = new(1_024);
    private readonly Utf8JsonWriter _writer;
    private readonly JsonEncodedText[] _names;

    public ActionJson(RobotProfile profile)
    {
        _names = [.. profile.Dimensions.Select(dimension => JsonEncodedText.Encode(dimension.Name, Options.Encoder))];
        _writer = new Utf8JsonWriter(_buffer, Options);
    }

    /// <returns>One object in UTF-8, with a line feed at the end; valid until the next call.</returns>
    public ReadOnlyMemory<byte> Write(PublishedAction action)
    {
        _buffer.ResetWrittenCount();
        _writer.Reset(_buffer);
        _writer.WriteStartObject();
        _writer.WriteNumber("sequence"u8, action.Sequence);
        _writer.WriteString("state"u8, action.State.Word());
        _writer.WriteString("reason"u8, action.Reason);
        WriteValues(action);
        WriteOrigin(action);
        WriteClamps(action);
        _writer.WriteNumber("deadman_ms"u8, action.DeadmanMs);
        _writer.WriteEndObject();
        _writer.Flush();
        _buffer.Write("\n"u8);
        return _buffer.WrittenMemory;
    }

    public void Dispose() => _writer.Dispose();

    private void WriteValues(PublishedAction action)
    {
        _writer.WriteStartObject("values"u8);
        for (var i = 0; i < _names.Length; i++)
        {
            if ((action.Unknown >> i & 1) != 0)
                _writer.WriteNull(_names[i]);
            else
                _writer.WriteNumber(_names[i], action.Values[i]);
        }

        _writer.WriteEndObject();
    }

    private void WriteOrigin(PublishedAction action)
    {
        var origin = action.Origin;
        if (origin.CapturedNs > 0)
            _writer.WriteNumber("frame_sequence"u8, origin.FrameSequence);
        else
            _writer.WriteNull("frame_sequence"u8);
        if (origin.Instruction is { } instruction)
            _writer.WriteString("instruction"u8, instruction);
        else
            _writer.WriteNull("instruction"u8);
        WriteTime("captured_ns"u8, origin.CapturedNs);
        WriteTime("encoded_ns"u8, origin.Steps.Find(StagedSteps.Encode).FinishedNs);
        WriteTime("fused_ns"u8, origin.Steps.Find(StagedSteps.Fuse).FinishedNs);
        WriteTime("decoded_ns"u8, origin.Steps.Find(StagedSteps.Decode).FinishedNs);
        WriteSteps(origin.Steps);
        _writer.WriteNumber("published_ns"u8, action.PublishedNs);
        WriteAge("age_ms"u8, action.AgeNs);
        WriteAge("arrival_age_ms"u8, action.ArrivalAgeNs);
        WriteAge("age_limit_ms"u8, action.AgeLimitNs);
    }

    private void WriteSteps(StepTrail steps)
    {
        _writer.WriteStartArray("steps"u8);
        for (var i = 0; i < steps.Count; i++)
        {
            _writer.WriteStartObject();
            _writer.WriteString("step"u8, steps[i].Step);
            _writer.WriteNumber("started_ns"u8, steps[i].StartedNs);
            _writer.WriteNumber("finished_ns"u8, steps[i].FinishedNs);
            _writer.WriteEndObject();
        }

        _writer.WriteEndArray();
    }

    private void WriteAge(ReadOnlySpan<byte> name, long? ns)
    {
        if (ns is { } age)
            _writer.WriteNumber(name, Math.Round((double)age / MonotonicTime.NsPerMs, 3));
        else
            _writer.WriteNull(name);
    }

    private void WriteTime(ReadOnlySpan<byte> name, long ns)
    {
        if (ns > 0)
            _writer.WriteNumber(name, ns);
        else
            _writer.WriteNull(name);
    }

    private void WriteClamps(PublishedAction action)
    {
        _writer.WriteStartArray("clamps"u8);
        for (var i = 0; i < _names.Length; i++)
        {
            if ((action.Clamped >> i & 1) != 0)
                _writer.WriteStringValue(_names[i]);
        }

        _writer.WriteEndArray();
    }
}
