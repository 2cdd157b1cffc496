using System.Text;
using Vla.Sensors.Text;

namespace Vla.Actors.Policies.Remote;

/// <summary>The key that a policy server wants to be shown, from a file of its own.</summary>
internal static class WireKey
{
    private const int Longest = 4_096;

    private const UnixFileMode OthersMayUse =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <exception cref="PolicyException">It cannot be read, others can read it, or it is no key.</exception>
    public static string Read(string path)
    {
        string key;
        try
        {
            key = WaitingFile.Read(path, () => ReadNow(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyException($"key file '{path}' cannot be read: {OneLine.Of(e.Message)}", e);
        }

        return key.Length is > 0 and <= Longest && key.All(c => c is > ' ' and <= '~')
            ? key
            : throw new PolicyException(
                $"key file '{path}' holds no key: it is one word of ASCII, up to {Longest} characters"
            );
    }

    private static string ReadNow(string path)
    {
        using var file = File.OpenRead(path);
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & OthersMayUse) != 0)
            throw new PolicyException(
                $"key file '{path}' can be read or written by others than its owner: chmod 600 '{path}'"
            );
        var bytes = new byte[Longest + 6];
        var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return Encoding.UTF8.GetString(Utf8Text.Check(bytes.AsMemory(0, length)).Span).Trim();
    }
}
