using System.Text.Json;
using Vla.Sensors.Text;

namespace Vla.Runtime.Networks.Ros;

/// <summary>Puts joint states together: messages may tell of some of the joints each, in any order.</summary>
/// <remarks>For one thread, and one connection.</remarks>
internal sealed class RosJoints
{
    private readonly IReadOnlyList<RosStatePart> _parts;
    private readonly float[] _values;
    private readonly long[] _times;
    private readonly SortedSet<string> _otherNames = [];

    /// <param name="parts">All that the robot tells.</param>
    public RosJoints(IReadOnlyList<RosStatePart> parts)
    {
        (_parts, _values, _times) = (parts, new float[parts.Count], new long[parts.Count]);
        Array.Fill(_times, long.MinValue);
    }

    /// <summary>In the order of the parts.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>When all of it was true: the oldest part's time; null while one has not come.</summary>
    public long? AtNs => _times.Min() is > long.MinValue and var oldest ? oldest : null;

    /// <summary>What has not come yet, for a message.</summary>
    public string Missing
    {
        get
        {
            var missing = _parts.Where((_, i) => _times[i] == long.MinValue).Select(part => part.Name);
            var others = _otherNames.Count == 0 ? "" : $"; it tells of {string.Join(", ", _otherNames)}";
            return string.Join(", ", missing) + others;
        }
    }

    /// <summary>Looks at a message, before its time is known.</summary>
    /// <param name="message">At its beginning.</param>
    /// <param name="stampNs">Its stamp; null for none.</param>
    /// <param name="problem">What is wrong with it; null when nothing is.</param>
    public static RosJointLists Look(Utf8JsonReader message, out long? stampNs, out string? problem)
    {
        (stampNs, problem) = (null, null);
        var set = default(RosJointLists);
        try
        {
            while (message.Read() && message.TokenType == JsonTokenType.PropertyName)
            {
                if (message.ValueTextEquals("header"u8))
                    stampNs = RosHeader.Stamp(ref message);
                else if (message.ValueTextEquals("name"u8))
                    set.HasNames = List(ref message, ref set.Names);
                else if (message.ValueTextEquals("position"u8))
                    set.HasPositions = List(ref message, ref set.Positions);
                else if (message.ValueTextEquals("velocity"u8))
                    set.HasVelocities = List(ref message, ref set.Velocities);
                else if (message.ValueTextEquals("effort"u8))
                    set.HasEfforts = List(ref message, ref set.Efforts);
                else
                    message.Skip();
            }
        }
        catch (JsonException e)
        {
            problem = $"a joint state is no JSON: {OneLine.Of(e.Message, 120)}";
        }

        if (!set.HasNames)
            problem ??= "a joint state has no list 'name'";
        return set;
    }

    /// <summary>Takes what a message tells of the parts of one topic.</summary>
    /// <param name="state">The topic's.</param>
    /// <param name="message">Looked at.</param>
    /// <param name="atNs">When it was true.</param>
    /// <returns>What is wrong with it, and nothing was taken; null when nothing is.</returns>
    public string? Take(RosState state, RosJointLists message, long atNs)
    {
        // Twice: what is wrong in its middle must not leave half of it.
        return Take(state, message, atNs, isTrial: true) ?? Take(state, message, atNs, isTrial: false);
    }

    private string? Take(RosState state, RosJointLists message, long atNs, bool isTrial)
    {
        var names = message.Names;
        var positions = message.Positions;
        var velocities = message.Velocities;
        var efforts = message.Efforts;
        while (names.Read() && names.TokenType == JsonTokenType.String)
        {
            var position = Next(ref positions, message.HasPositions);
            var velocity = Next(ref velocities, message.HasVelocities);
            var effort = Next(ref efforts, message.HasEfforts);
            var isKnown = false;
            for (var i = 0; i < state.Parts.Count; i++)
            {
                var part = state.Parts[i];
                if (!names.ValueTextEquals(part.Joint))
                    continue;
                isKnown = true;
                var value = part.Quantity switch
                {
                    RosQuantity.Position => position,
                    RosQuantity.Velocity => velocity,
                    _ => effort,
                };
                if (value is not { } number || !float.IsFinite(number * part.Scale))
                    return $"a joint state has no number for {part.Name}";
                var place = PlaceOf(part);
                if (atNs < _times[place])
                    return "a joint state that is older than the one before it was passed over";
                if (!isTrial)
                    (_values[place], _times[place]) = (number * part.Scale, atNs);
            }

            const int MostNoted = 20;
            if (!isKnown && !isTrial && _otherNames.Count < MostNoted && AtNs is null)
                _otherNames.Add(OneLine.Of(names.GetString()!, 60));
        }

        return names.TokenType == JsonTokenType.EndArray ? null : "a joint state's 'name' is no list of texts";
    }

    private int PlaceOf(RosStatePart part)
    {
        for (var i = 0; i < _parts.Count; i++)
        {
            if (ReferenceEquals(_parts[i], part))
                return i;
        }

        throw new System.Diagnostics.UnreachableException("a part that is none of the robot's");
    }

    private static bool List(ref Utf8JsonReader message, ref Utf8JsonReader list)
    {
        message.Read();
        var isList = message.TokenType == JsonTokenType.StartArray;
        list = message;
        message.Skip();
        return isList;
    }

    private static float? Next(ref Utf8JsonReader list, bool isThere)
    {
        if (!isThere || list.TokenType == JsonTokenType.EndArray || !list.Read())
            return null;
        if (list.TokenType == JsonTokenType.Number && list.TryGetDouble(out var number))
            return (float)number;
        if (list.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
            list.Skip();
        return null;
    }
}

/// <summary>The lists of a joint state, each from its beginning.</summary>
internal ref struct RosJointLists
{
    public Utf8JsonReader Names;
    public Utf8JsonReader Positions;
    public Utf8JsonReader Velocities;
    public Utf8JsonReader Efforts;
    public bool HasNames;
    public bool HasPositions;
    public bool HasVelocities;
    public bool HasEfforts;
}
