using System.Text.Json;
using Vla.Sensors.Text;

namespace Vla.Runtime.Networks.Ros;

/// <summary>What a text from a rosbridge is: a topic's message, a status, an answer.</summary>
/// <remarks>Looks at it without copying; valid as long as the text is.</remarks>
internal ref struct RosReceived
{
    private const int ShownCharacters = 200;

    /// <summary>Before its <c>op</c> is read.</summary>
    public string Operation { get; private set; }

    /// <summary>Of a publish: which topic; empty for none.</summary>
    public string Topic { get; private set; }

    /// <summary>Of an answer: to which question.</summary>
    public string Id { get; private set; }

    /// <summary>Of a status: <c>error</c>, <c>warning</c>, <c>info</c>.</summary>
    public string Level { get; private set; }

    /// <summary>Of a status: what it says, in one line.</summary>
    public string Words { get; private set; }

    /// <summary>Of a publish: where the message begins; meaningless without <see cref="HasMessage"/>.</summary>
    public Utf8JsonReader Message { get; private set; }

    public bool HasMessage { get; private set; }

    /// <summary>Looks at a text.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="topics">Those that may come: theirs are not made anew for each message.</param>
    /// <param name="problem">What is wrong with it; null when nothing is.</param>
    public static RosReceived Read(ReadOnlySpan<byte> utf8, IReadOnlyList<string> topics, out string? problem)
    {
        var received = new RosReceived
        {
            Operation = "",
            Topic = "",
            Id = "",
            Level = "",
            Words = "",
        };
        try
        {
            var reader = new Utf8JsonReader(utf8);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                problem = "a message is no JSON object";
                return received;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                received.ReadOne(ref reader, topics);
            problem = reader.Read() ? "a message has something behind its JSON object" : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            problem = $"a message is no JSON: {OneLine.Of(e.Message, 120)}";
        }

        return received;
    }

    private void ReadOne(ref Utf8JsonReader reader, IReadOnlyList<string> topics)
    {
        if (reader.ValueTextEquals("op"u8))
            Operation = Text(ref reader, ["publish", "status", "service_response"]);
        else if (reader.ValueTextEquals("topic"u8))
            Topic = Text(ref reader, topics);
        else if (reader.ValueTextEquals("id"u8))
            Id = Text(ref reader, []);
        else if (reader.ValueTextEquals("level"u8))
            Level = Text(ref reader, []);
        else if (reader.ValueTextEquals("msg"u8))
            ReadMessage(ref reader);
        else
            reader.Skip();
    }

    private void ReadMessage(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            Words = OneLine.Of(reader.GetString()!, ShownCharacters);
            return;
        }

        HasMessage = reader.TokenType == JsonTokenType.StartObject;
        Message = reader;
        reader.Skip();
    }

    private static string Text(ref Utf8JsonReader reader, IReadOnlyList<string> known)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return "";
        }

        for (var i = 0; i < known.Count; i++)
        {
            if (reader.ValueTextEquals(known[i]))
                return known[i];
        }

        return OneLine.Of(reader.GetString()!, ShownCharacters);
    }
}
