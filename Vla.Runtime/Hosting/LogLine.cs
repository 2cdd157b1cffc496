using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Vla.Runtime.Settings;

namespace Vla.Runtime.Hosting;

/// <summary>One event of the log as one line: for a person to read, or as a JSON object.</summary>
/// <remarks>
/// JSON by own code, since .NET's formatter writes whole stack traces and the message's template beside the message.
/// </remarks>
/// <param name="format">How it is written.</param>
/// <param name="forJournal">
/// Whether systemd's journal reads it: then the line begins with the event's priority, <c>&lt;4&gt;</c> (sd-daemon(3)),
/// and a person's line has no time of its own.
/// </param>
/// <param name="time">Whose wall clock is written.</param>
internal sealed class LogLine(LogFormat format, bool forJournal, TimeProvider time)
{
    private static readonly JsonWriterOptions AsWritten = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The event as a line, without its end.</summary>
    /// <param name="category">The class that speaks.</param>
    /// <param name="level">How important it is.</param>
    /// <param name="eventId">Its number; 0 for none.</param>
    /// <param name="message">In words; ends of lines become spaces.</param>
    /// <param name="values">What was filled into the message, by name.</param>
    public string Write(
        string category,
        LogLevel level,
        int eventId,
        string message,
        IReadOnlyList<KeyValuePair<string, object?>>? values
    )
    {
        var text = message.ReplaceLineEndings(" ");
        var line = format == LogFormat.Json ? Json(category, level, eventId, text, values) : Text(level, text);
        return forJournal ? $"<{Journal.Priority(level)}>{line}" : line;
    }

    private string Text(LogLevel level, string message)
    {
        var word = level >= LogLevel.Warning ? $"{Word(level)}: " : "";
        var now = forJournal ? "" : time.GetLocalNow().ToString("HH:mm:ss.fff ", CultureInfo.InvariantCulture);
        return $"{now}{word}{message}";
    }

    private string Json(
        string category,
        LogLevel level,
        int eventId,
        string message,
        IReadOnlyList<KeyValuePair<string, object?>>? values
    )
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, AsWritten))
        {
            json.WriteStartObject();
            json.WriteString("time", time.GetUtcNow().UtcDateTime);
            json.WriteString("level", Word(level));
            json.WriteString("message", message);
            json.WriteString("category", category);
            if (eventId != 0)
                json.WriteNumber("event", eventId);
            if (values?.Any(IsValue) == true)
            {
                json.WriteStartObject("values");
                foreach (var (name, value) in values.Where(IsValue))
                {
                    json.WritePropertyName(char.ToLowerInvariant(name[0]) + name[1..]);
                    WriteValue(json, value);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void WriteValue(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case bool truth:
                json.WriteBooleanValue(truth);
                break;
            case int or long or short or byte or uint or ushort:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case float number when float.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case decimal number:
                json.WriteNumberValue(number);
                break;
            default:
                json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    /// <summary>The template comes along under a name in braces.</summary>
    private static bool IsValue(KeyValuePair<string, object?> pair) => pair.Key.Length > 0 && pair.Key[0] != '{';

    private static string Word(LogLevel level) => level.ToString().ToLowerInvariant();
}
