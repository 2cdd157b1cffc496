using System.Buffers;
using MessagePack;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.Remote.OpenPi;

/// <summary>Writes observations as openpi's client does.</summary>
internal sealed class OpenPiRequest(WireRequestParts parts) : WireRequest(parts)
{
    private readonly ArrayBufferWriter<byte> _memory = new(1 << 20);
    private readonly string[] _groups =
    [
        .. parts.Pictures.Select(picture => picture.Group).Where(group => group.Length > 0).Distinct(),
    ];

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
        var alone = Pictures.Count(picture => picture.Group.Length == 0);
        var numbers = Layout.State?.Count ?? (state.Length > 0 ? 1 : 0);
        writer.WriteMapHeader(alone + _groups.Length + numbers + (Layout.Prompt is null ? 0 : 1));
        for (var i = 0; i < Pictures.Count; i++)
        {
            if (Pictures[i].Group.Length == 0)
                Write(ref writer, i, seen, places[i]);
        }

        foreach (var group in _groups)
        {
            writer.Write(group);
            writer.WriteMapHeader(Pictures.Count(picture => picture.Group == group));
            for (var i = 0; i < Pictures.Count; i++)
            {
                if (Pictures[i].Group == group)
                    Write(ref writer, i, seen, places[i]);
            }
        }

        Write(ref writer, state);
        if (Layout.Prompt is { } prompt)
        {
            writer.Write(prompt);
            writer.Write(words);
        }

        writer.Flush();
        return _memory.WrittenMemory;
    }

    private void Write(ref MessagePackWriter writer, int picture, Observation seen, int place)
    {
        var named = Named(picture, seen, place);
        var frame = seen[place];
        writer.Write(named.Key);
        WireWriter.WritePicture(ref writer, frame.Pixels, frame.Height, frame.Width, named.ChannelsFirst);
    }

    private void Write(ref MessagePackWriter writer, float[] state)
    {
        if (Layout.State is not { } parts)
        {
            if (state.Length == 0)
                return;
            writer.Write(WireLayout.StateFeature);
            WireWriter.WriteFloats(ref writer, state, state.Length);
            return;
        }

        var written = 0;
        foreach (var part in parts)
        {
            writer.Write(part.Key);
            var values = state.AsSpan(written, part.Count);
            if (part.IsDouble)
                WireWriter.WriteDoubles(ref writer, values, part.Count);
            else
                WireWriter.WriteFloats(ref writer, values, part.Count);
            written += part.Count;
        }
    }
}
