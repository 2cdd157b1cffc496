using System.Buffers;
using System.Runtime.InteropServices;
using MessagePack;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.Remote.Gr00t;

/// <summary>Writes observations as GR00T's clients do: <c>get_action</c> with the observation.</summary>
internal sealed class Gr00tRequest : WireRequest
{
    private const string UsualState = Gr00tProtocol.AllState;

    private readonly ArrayBufferWriter<byte> _memory = new(1 << 20);
    private readonly Gr00tForm _form;
    private readonly string? _key;
    private double[] _doubles = [];

    /// <exception cref="PolicyException">The key's file cannot be read.</exception>
    public Gr00tRequest(WireRequestParts parts)
        : base(parts)
    {
        _form =
            parts.Address.Option(Gr00tProtocol.Form) is { } word ? Gr00tForms.Find(word)!.Value
            : parts.Layout.Name == "so100" ? Gr00tForm.N15
            : Gr00tForm.Nested;
        // The protocol has no header to show it in.
        _key = parts.Address.KeyFile is { } file ? WireKey.Read(file) : null;
    }

    /// <inheritdoc/>
    protected override ReadOnlyMemory<byte> Write(
        Observation seen,
        IReadOnlyList<int> places,
        float[] state,
        string words
    )
    {
        _memory.ResetWrittenCount();
        var writer = new MessagePackWriter(_memory);
        writer.WriteMapHeader(_key is null ? 2 : 3);
        writer.Write("endpoint");
        writer.Write("get_action");
        writer.Write("data");
        if (_form != Gr00tForm.N15)
        {
            writer.WriteMapHeader(2);
            writer.Write("observation");
        }

        WriteObservation(ref writer, seen, places, state, words);
        if (_form != Gr00tForm.N15)
        {
            writer.Write("options");
            writer.WriteNil();
        }

        if (_key is not null)
        {
            writer.Write("api_token");
            writer.Write(_key);
        }

        writer.Flush();
        return _memory.WrittenMemory;
    }

    private void WriteObservation(
        ref MessagePackWriter writer,
        Observation seen,
        IReadOnlyList<int> places,
        float[] state,
        string words
    )
    {
        var parts = Layout.State ?? (state.Length > 0 ? [new WireState(UsualState, state.Length)] : []);
        var isNested = _form == Gr00tForm.Nested;
        writer.WriteMapHeader(isNested ? 3 : Pictures.Count + parts.Count + (Layout.Prompt is null ? 0 : 1));
        if (isNested)
        {
            writer.Write("video");
            writer.WriteMapHeader(Pictures.Count);
        }

        for (var i = 0; i < Pictures.Count; i++)
        {
            writer.Write((isNested ? "" : "video.") + Named(i, seen, places[i]).Key);
            WritePicture(ref writer, seen[places[i]].Pixels, seen[places[i]].Height, seen[places[i]].Width);
        }

        if (isNested)
        {
            writer.Write("state");
            writer.WriteMapHeader(parts.Count);
        }

        var written = 0;
        foreach (var part in parts)
        {
            writer.Write((isNested ? "" : "state.") + part.Key);
            WriteState(ref writer, state.AsSpan(written, part.Count), part.IsDouble);
            written += part.Count;
        }

        if (isNested)
        {
            writer.Write("language");
            writer.WriteMapHeader(Layout.Prompt is null ? 0 : 1);
        }

        if (Layout.Prompt is not { } prompt)
            return;
        writer.Write(prompt);
        writer.WriteArrayHeader(1);
        if (isNested)
            writer.WriteArrayHeader(1);
        writer.Write(words);
    }

    private void WritePicture(ref MessagePackWriter writer, ReadOnlySpan<float> pixels, int height, int width)
    {
        int[] shape = _form == Gr00tForm.N15 ? [1, height, width, 3] : [1, 1, height, width, 3];
        var target = BeginFile(ref writer, "|u1", shape, pixels.Length);
        WireWriter.ToPicture(pixels, target, channelsFirst: false);
        writer.Advance(pixels.Length);
    }

    private void WriteState(ref MessagePackWriter writer, ReadOnlySpan<float> values, bool isDouble)
    {
        int[] shape = _form == Gr00tForm.N15 ? [1, values.Length] : [1, 1, values.Length];
        if (_doubles.Length < values.Length)
            _doubles = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
            _doubles[i] = values[i];
        var data = isDouble
            ? MemoryMarshal.AsBytes<double>(_doubles.AsSpan(0, values.Length))
            : MemoryMarshal.AsBytes(values);
        data.CopyTo(BeginFile(ref writer, isDouble ? "<f8" : "<f4", shape, data.Length));
        writer.Advance(data.Length);
    }

    /// <returns>Where the numbers go.</returns>
    private static Span<byte> BeginFile(ref MessagePackWriter writer, string type, int[] shape, int dataLength)
    {
        WireWriter.BeginNumpyFile(ref writer, type, shape, dataLength);
        return writer.GetSpan(dataLength)[..dataLength];
    }
}
