using Vla.Sensors.Text;

namespace Vla.Actors.Policies.Remote;

/// <summary>The key that a policy server wants to be shown, from a file of its own.</summary>
internal static class WireKey
{
    private const int Longest = 4_096;

    /// <exception cref="PolicyException">It cannot be read, others can read it, or it is no key.</exception>
    public static string Read(string path) => Read(path, (why, inner) => new PolicyException(why, inner));

    /// <param name="path">The file.</param>
    /// <param name="refuse">Makes the exception for a file that cannot be used.</param>
    /// <exception cref="Exception">What <paramref name="refuse"/> makes.</exception>
    public static string Read(string path, Func<string, Exception?, Exception> refuse)
    {
        var key = SecretFile.Read(path, Longest, "key file", refuse).Trim();
        return key.Length is > 0 and <= Longest && key.All(c => c is > ' ' and <= '~')
            ? key
            : throw refuse(
                $"key file '{path}' holds no key: it is one word of ASCII, up to {Longest} characters",
                null
            );
    }
}
