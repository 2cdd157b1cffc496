using System.Text.Json;

namespace Vla.Sensors.Text;

/// <summary>
/// Reads JSON files as people write them: UTF-8 with or without a byte order mark, comments and trailing commas
/// allowed, each key once.
/// </summary>
internal static class JsonText
{
    private static readonly JsonDocumentOptions Options = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>The document in a file; the caller's.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maximumBytes">Most that is read.</param>
    /// <exception cref="JsonException">It is not JSON, names a key twice, or has half a character as an
    /// escape.</exception>
    /// <exception cref="IOException">It cannot be read, or is no UTF-8 text:
    /// <see cref="TextFileException"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static JsonDocument Read(string path, int maximumBytes = Utf8Text.DefaultMaximumBytes)
    {
        var bytes = Utf8Text.ReadBytes(path, maximumBytes);
        CheckEscapes(
            bytes.Span,
            new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }
        );
        return JsonDocument.Parse(bytes, Options);
    }

    /// <summary>
    /// Refuses <c>\ud800</c> without its other half, which .NET takes for a defect of the program only when the text is
    /// used.
    /// </summary>
    /// <exception cref="JsonException">There is one, or this is not JSON.</exception>
    public static void CheckEscapes(ReadOnlySpan<byte> utf8, JsonReaderOptions options)
    {
        var reader = new Utf8JsonReader(utf8, options);
        while (reader.Read())
        {
            if (!reader.ValueIsEscaped || reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
                continue;
            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException e)
            {
                var line = utf8[..(int)reader.TokenStartIndex].Count((byte)'\n') + 1;
                throw new JsonException(
                    $"line {line} has half of a character as an escape (\\ud800 to \\udfff without the other half)",
                    e
                );
            }
        }
    }
}
