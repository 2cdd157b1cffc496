using System.Text.Json;

namespace Vla.Actors.Policies.Remote.Messages;

/// <summary>Writes numpy's arrays into a message of JSON, as json_numpy does.</summary>
internal static class WireJsonWriter
{
    /// <summary>An array; under a key, its name is written before.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="data">Its bytes, row by row.</param>
    /// <param name="type">numpy's: <c>&lt;f8</c>.</param>
    /// <param name="shape">How many there are in each direction.</param>
    public static void WriteArray(
        Utf8JsonWriter writer,
        ReadOnlySpan<byte> data,
        string type,
        params ReadOnlySpan<int> shape
    )
    {
        writer.WriteStartObject();
        writer.WriteBase64String("__numpy__"u8, data);
        writer.WriteString("dtype"u8, type);
        writer.WriteStartArray("shape"u8);
        foreach (var length in shape)
            writer.WriteNumberValue(length);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
