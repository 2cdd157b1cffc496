using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Vla.Actors.Instructions;

namespace Vla.Runtime.Http;

/// <summary>Reads an instruction from a request's body, in whichever of the usual forms it comes.</summary>
/// <remarks>
/// Plain text; JSON, also where no content type says so (<c>curl -d</c> sends a form's); a form's field
/// <c>instruction</c>. What cannot be read for certain is refused, since text that was misread would be carried out.
/// </remarks>
internal static class InstructionBody
{
    private const string Field = "instruction";

    /// <summary>Reads the text; what it says is checked elsewhere.</summary>
    /// <returns>The text, or null with the status code and the reason.</returns>
    /// <exception cref="BadHttpRequestException">The body is too large, too slow, or ends too early.</exception>
    public static async Task<(string? Text, int StatusCode, string Problem)> ReadAsync(
        HttpRequest request,
        CancellationToken cancellation
    )
    {
        if (
            request.Headers.ContentEncoding.ToString() is { Length: > 0 } coding
            && !coding.Equals("identity", StringComparison.OrdinalIgnoreCase)
        )
            return Unsupported($"the body is compressed ({coding}): send it as it is");
        var type = MediaTypeHeaderValue.TryParse(request.ContentType, out var known) ? known : null;
        if (type?.MediaType?.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) == true)
            return Unsupported(
                "the body is a form of several parts: send plain text, or {\"instruction\": \"…\"} as JSON"
            );

        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellation);
        if (Decode(body.ToArray(), type?.CharSet?.Trim('"') ?? "", out var text) is { } problem)
            return problem;

        if (text.TrimStart().StartsWith('{') || (request.HasJsonContentType() && !StopWords.Mean(text)))
            return ReadJson(text);
        var form =
            type?.MediaType?.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) == true
            && text.StartsWith(Field + "=", StringComparison.Ordinal);
        return form ? ReadForm(text) : (text, 0, "");
    }

    private static (string? Text, int StatusCode, string Problem)? Decode(byte[] bytes, string charset, out string text)
    {
        text = "";
        try
        {
            var encoding =
                charset.Length > 0
                    ? Encoding.GetEncoding(
                        charset,
                        EncoderFallback.ExceptionFallback,
                        DecoderFallback.ExceptionFallback
                    )
                    : new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
            text = encoding.GetString(bytes).TrimStart('\ufeff');
            return null;
        }
        catch (DecoderFallbackException)
        {
            return Bad(
                charset.Length > 0
                    ? $"the instruction is not valid in the charset that was declared ({charset}): send plain UTF-8 "
                        + "text"
                    : "the instruction is not valid UTF-8: send plain UTF-8 text"
            );
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return Unsupported($"the charset '{charset}' is not known here: send UTF-8");
        }
    }

    private static (string? Text, int StatusCode, string Problem) ReadJson(string text)
    {
        try
        {
            var given = JsonSerializer.Deserialize(text, ApiJson.Default.InstructionRequest)?.Instruction;
            return given is null ? Bad("""the JSON has no text: send {"instruction": "…"}""") : (given, 0, "");
        }
        catch (JsonException)
        {
            return Bad("""the body is not the JSON expected: send {"instruction": "…"} as UTF-8""");
        }
    }

    private static (string? Text, int StatusCode, string Problem) ReadForm(string text)
    {
        var fields = QueryHelpers.ParseQuery(text);
        return fields.Count == 1 && fields[Field] is [{ } given]
            ? (given, 0, "")
            : Bad("the form has more than the field 'instruction', once: send instruction=… alone, or plain text");
    }

    private static (string? Text, int StatusCode, string Problem) Bad(string problem) =>
        (null, StatusCodes.Status400BadRequest, problem);

    private static (string? Text, int StatusCode, string Problem) Unsupported(string problem) =>
        (null, StatusCodes.Status415UnsupportedMediaType, problem);
}
