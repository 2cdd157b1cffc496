using System.Net.Http.Headers;

namespace Vla.Runtime.Serving;

/// <summary>Whether a request's headers allow its body to be JSON.</summary>
internal static class JsonBody
{
    /// <summary>
    /// What is said where no type is, by <c>curl -d</c>, which sends a form's, and by small scripts; whether it is JSON
    /// is seen when it is read.
    /// </summary>
    private static readonly string[] AlsoTaken = ["text/plain", "text/json", "application/x-www-form-urlencoded"];

    private static readonly string[] Charsets = ["", "utf-8", "utf8", "us-ascii"];

    /// <returns>What is wrong with them, in one line; null for nothing.</returns>
    public static string? Problem(HttpRequest request)
    {
        var coding = request.Headers.ContentEncoding.ToString();
        if (coding.Length > 0 && !coding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            return $"the body is compressed ({coding}): send it as it is";
        if (request.ContentType is not { Length: > 0 } given)
            return null;
        var type = MediaTypeHeaderValue.TryParse(given, out var known) ? known : null;
        var isTaken =
            request.HasJsonContentType() || AlsoTaken.Contains(type?.MediaType, StringComparer.OrdinalIgnoreCase);
        if (!isTaken)
            return $"the body is '{given}': send JSON (application/json)";
        var charset = type?.CharSet?.Trim('"') ?? "";
        return Charsets.Contains(charset, StringComparer.OrdinalIgnoreCase)
            ? null
            : $"the body's charset is '{charset}': send UTF-8";
    }
}
