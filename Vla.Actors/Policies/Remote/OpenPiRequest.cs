using System.Buffers;
using MessagePack;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.Remote;

/// <summary>Writes observations as messages, each into the same memory.</summary>
/// <param name="layout">What the parts are called there.</param>
/// <param name="pictures">In their order.</param>
/// <param name="areNamed">Whether they go by their names; otherwise it is whichever there is, under its own
/// name.</param>
internal sealed class OpenPiRequest(WireLayout layout, IReadOnlyList<WirePicture> pictures, bool areNamed)
{
    private readonly ArrayBufferWriter<byte> _memory = new(1 << 20);
    private readonly PicturePlaces _places = new(areNamed ? [.. pictures.Select(p => p.Name)] : null);
    private readonly string[] _groups = [.. pictures.Select(p => p.Group).Where(group => group.Length > 0).Distinct()];

    /// <param name="seen">Pictures as [height, width, 3] of 0 to 1, and the state in the robot's units.</param>
    /// <param name="words">What is to be done; not written for a policy that is told nothing.</param>
    /// <returns>There until the next.</returns>
    /// <exception cref="PolicyException">A picture or the state is not there.</exception>
    public ReadOnlyMemory<byte> Write(Observation seen, string words)
    {
        var places = _places.Of(seen);
        _memory.ResetWrittenCount();
        var writer = new MessagePackWriter(_memory);
        var state = seen.State?.Values;
        var alone = pictures.Count(picture => picture.Group.Length == 0);
        var parts = layout.State?.Count ?? (state is { Length: > 0 } ? 1 : 0);
        writer.WriteMapHeader(alone + _groups.Length + parts + (layout.Prompt is null ? 0 : 1));
        for (var i = 0; i < pictures.Count; i++)
        {
            if (pictures[i].Group.Length == 0)
                Write(ref writer, pictures[i], seen, places[i]);
        }

        foreach (var group in _groups)
        {
            writer.Write(group);
            writer.WriteMapHeader(pictures.Count(picture => picture.Group == group));
            for (var i = 0; i < pictures.Count; i++)
            {
                if (pictures[i].Group == group)
                    Write(ref writer, pictures[i], seen, places[i]);
            }
        }

        Write(ref writer, state);
        if (layout.Prompt is { } prompt)
        {
            writer.Write(prompt);
            writer.Write(words);
        }

        writer.Flush();
        return _memory.WrittenMemory;
    }

    private void Write(ref MessagePackWriter writer, WirePicture picture, Observation seen, int place)
    {
        var frame = seen[place];
        writer.Write(areNamed ? picture.Key : PictureNames.Feature(seen.Names[place]));
        WireWriter.WritePicture(ref writer, frame.Pixels, frame.Height, frame.Width, picture.ChannelsFirst);
    }

    private void Write(ref MessagePackWriter writer, float[]? state)
    {
        if (layout.State is not { } parts)
        {
            if (state is not { Length: > 0 })
                return;
            writer.Write(WireLayout.StateFeature);
            WireWriter.WriteFloats(ref writer, state, state.Length);
            return;
        }

        if (parts.Count == 0)
            return;
        var wanted = parts.Sum(part => part.Count);
        if (state is null || state.Length != wanted)
            throw new PolicyException(
                $"the policy server wants {wanted} numbers of the robot's state, there are {state?.Length ?? 0}"
            );
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
