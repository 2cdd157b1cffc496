using System.Text.Json;

namespace Vla.Runtime.Networks.Ros;

/// <summary>Reads a message's <c>header</c>: its stamp, as ROS 1 or 2 write times.</summary>
internal static class RosHeader
{
    /// <summary>The stamp, nanoseconds since 1970; null where there is none.</summary>
    /// <param name="reader">At the header's name; afterwards at the header's end.</param>
    public static long? Stamp(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        long? stamp = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("stamp"u8))
                stamp = Time(ref reader);
            else
                reader.Skip();
        }

        return stamp;
    }

    private static long? Time(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        long? seconds = null;
        var nanoseconds = 0L;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("sec"u8) || reader.ValueTextEquals("secs"u8))
                seconds = Number(ref reader);
            else if (reader.ValueTextEquals("nanosec"u8) || reader.ValueTextEquals("nsecs"u8))
                nanoseconds = Number(ref reader) ?? 0;
            else
                reader.Skip();
        }

        const long LatestSeconds = 9_000_000_000;
        return seconds is { } s and >= 0 and < LatestSeconds && nanoseconds is >= 0 and < 1_000_000_000
            ? s * 1_000_000_000 + nanoseconds
            : null;
    }

    private static long? Number(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number))
            return number;
        reader.Skip();
        return null;
    }
}
