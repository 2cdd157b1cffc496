using System.Text.Json;
using System.Text.Json.Nodes;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies;
using Vla.Sensors.Text;

namespace Vla.Actors.Training;

/// <summary>Reads the <c>config.json</c> that a training begins with, to be filled in.</summary>
internal static class TemplateFile
{
    private static readonly JsonDocumentOptions WithComments = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <param name="file">The file.</param>
    /// <param name="wanted">What to give in place of one that is no JSON object.</param>
    /// <exception cref="PolicyException">It cannot be read, or is not a JSON object.</exception>
    public static JsonObject Read(string file, string wanted)
    {
        try
        {
            var bytes = Utf8Text.ReadBytes(file);
            JsonText.Read(file).Dispose(); // says what JsonNode keeps to itself: a key that is there twice
            return JsonNode.Parse(bytes.Span, documentOptions: WithComments) as JsonObject
                ?? throw new PolicyException($"{file}: is not an object {{ … }}: give {wanted}");
        }
        catch (JsonException e)
        {
            throw new PolicyException($"{file}: is not valid JSON ({ErrorText.FirstLine(e.Message)})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyException($"{file}: cannot be read ({e.Message})", e);
        }
    }
}
