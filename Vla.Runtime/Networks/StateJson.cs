using System.Text.Json;
using Vla.Sensors.Text;

namespace Vla.Runtime.Networks;

/// <summary>
/// Reads what a robot says of itself: <c>{"values": {"x": 0.1}, "sequence": 7, "time_ms": 120.5, "age_ms": 2}</c>, of
/// which only <c>values</c> must be there; <c>config/robot-state.schema.json</c> describes it.
/// </summary>
/// <remarks>For one thread. Names that nobody asked for are passed over.</remarks>
internal sealed class StateJson(IReadOnlyList<string> names)
{
    /// <summary>Bytes of the longest message.</summary>
    public const int Longest = 1 << 20;

    private const double OldestMs = 3_600_000;

    private readonly byte[][] _names = [.. names.Select(System.Text.Encoding.UTF8.GetBytes)];
    private readonly bool[] _isThere = new bool[names.Count];

    /// <summary>The values of the newest message, in the order of the names.</summary>
    public float[] Values { get; } = new float[names.Count];

    /// <summary>Its number; null where it has none.</summary>
    public long? Sequence { get; private set; }

    /// <summary>When it was measured by the robot's own clock, seconds; null where it does not say.</summary>
    public double? ClockSeconds { get; private set; }

    /// <summary>How old it was when it was sent, nanoseconds.</summary>
    public long AgeNs { get; private set; }

    /// <summary>Reads a message.</summary>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public string? Read(ReadOnlySpan<byte> utf8)
    {
        (Sequence, ClockSeconds, AgeNs) = (null, null, 0);
        Array.Clear(_isThere);
        try
        {
            var reader = new Utf8JsonReader(utf8);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return "a message is no JSON object";
            var problem = ReadObject(ref reader);
            if (problem is not null)
                return problem;
            if (reader.Read())
                return "a message has something behind its JSON object";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return $"a message is no JSON: {OneLine.Of(e.Message, 120)}";
        }

        var missing = Array.IndexOf(_isThere, false);
        return missing < 0 ? null : $"a message lacks values.{names[missing]}";
    }

    private string? ReadObject(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("values"u8))
            {
                if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                    return "a message has values that are no object";
                if (ReadValues(ref reader) is { } problem)
                    return problem;
            }
            else if (reader.ValueTextEquals("sequence"u8))
            {
                if (!reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number))
                    return "a message's sequence is no whole number";
                Sequence = number;
            }
            else if (reader.ValueTextEquals("time_ms"u8))
            {
                if (!TryNumber(ref reader, out var ms) || !double.IsFinite(ms) || Math.Abs(ms) > 1e15)
                    return "a message's time_ms is no number";
                ClockSeconds = ms / 1e3;
            }
            else if (reader.ValueTextEquals("age_ms"u8))
            {
                if (!TryNumber(ref reader, out var ms) || !(ms is >= 0 and <= OldestMs))
                    return $"a message's age_ms is no number from 0 to {OldestMs}";
                AgeNs = (long)(ms * 1e6);
            }
            else
            {
                reader.Skip();
            }
        }

        return null;
    }

    private string? ReadValues(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var place = Place(ref reader);
            if (place < 0)
            {
                reader.Skip();
                continue;
            }

            if (!TryNumber(ref reader, out var value))
                return $"a message's values.{names[place]} is no number";
            (Values[place], _isThere[place]) = ((float)value, true);
        }

        return null;
    }

    private int Place(ref Utf8JsonReader reader)
    {
        for (var i = 0; i < _names.Length; i++)
        {
            if (reader.ValueTextEquals(_names[i]))
                return i;
        }

        return -1;
    }

    private static bool TryNumber(ref Utf8JsonReader reader, out double number)
    {
        number = 0;
        return reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out number);
    }
}
