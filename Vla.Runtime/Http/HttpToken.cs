using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Vla.Sensors.Text;

namespace Vla.Runtime.Http;

/// <summary>The secret that lets its holder steer the robot over HTTP.</summary>
/// <remarks>
/// Kept as a hash, and compared in constant time. A browser that has shown it gets a session instead, an expiry time
/// with a MAC under the token: it can be checked without keeping anything, and a restarted daemon still knows it.
/// </remarks>
internal sealed class HttpToken
{
    /// <summary>The environment variable that holds it; wins over the file.</summary>
    public const string Variable = "VLA_HTTP_TOKEN";

    /// <summary>Fewest characters.</summary>
    public const int Shortest = 16;

    /// <summary>Most characters.</summary>
    public const int Longest = 256;

    /// <summary>Fewest different characters: what is all one letter is as good as no token.</summary>
    public const int FewestDifferent = 6;

    /// <summary>How long a session lasts: a working day.</summary>
    public static readonly TimeSpan SessionTime = TimeSpan.FromHours(12);

    private readonly byte[] _hash;
    private readonly byte[] _sessionKey;

    private HttpToken(string token)
    {
        _hash = Hash(token);
        _sessionKey = HMACSHA256.HashData(Encoding.UTF8.GetBytes(token), "vla session"u8);
    }

    /// <summary>The token in force; null for none.</summary>
    /// <param name="variable">What the environment says; null or empty for nothing.</param>
    /// <param name="file">The file's path; empty for none.</param>
    /// <exception cref="UsageException">
    /// The token is too short or cannot be sent in a header, or the file cannot be read, or others can read it.
    /// </exception>
    public static HttpToken? Read(string? variable, string file)
    {
        if (!string.IsNullOrEmpty(variable))
            return Parse(variable, Variable);
        return file.Length > 0 ? Parse(ReadFile(file), $"httpTokenFile '{file}'") : null;
    }

    /// <summary>Whether this is the token.</summary>
    public bool Is(string given) => CryptographicOperations.FixedTimeEquals(Hash(given), _hash);

    /// <summary>A session that ends <see cref="SessionTime"/> from now.</summary>
    public string NewSession(DateTimeOffset now)
    {
        var end = (now + SessionTime).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"{end}.{Mac(end)}";
    }

    /// <summary>Whether this is a session that was given for this token and has not ended.</summary>
    public bool IsSession(string given, DateTimeOffset now)
    {
        var dot = given.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
            return false;
        var end = given[..dot];
        return CryptographicOperations.FixedTimeEquals(
                Encoding.UTF8.GetBytes(given[(dot + 1)..]),
                Encoding.UTF8.GetBytes(Mac(end))
            )
            && long.TryParse(end, CultureInfo.InvariantCulture, out var seconds)
            && now.ToUnixTimeSeconds() < seconds;
    }

    private static HttpToken Parse(string text, string source)
    {
        const string mend = "; make one with: openssl rand -hex 32";
        if (text.Length is < Shortest or > Longest)
            throw new UsageException(
                $"{source} holds {text.Length} characters: a token has {Shortest} to {Longest}{mend}"
            );
        if (text.Any(c => c is <= ' ' or > '~'))
            throw new UsageException(
                $"{source} holds a space or a character that is not ASCII: a token is one word of ASCII{mend}"
            );
        if (text.Distinct().Count() < FewestDifferent)
            throw new UsageException(
                $"{source} holds a token that is easily guessed: fewer than {FewestDifferent} different "
                    + $"characters{mend}"
            );
        return new HttpToken(text);
    }

    private static string ReadFile(string path) =>
        SecretFile
            .Read(path, Longest, "httpTokenFile", (why, inner) => new UsageException(why, inner))
            .TrimEnd('\r', '\n');

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private string Mac(string end) =>
        Convert.ToHexString(HMACSHA256.HashData(_sessionKey, Encoding.UTF8.GetBytes(end)));
}
