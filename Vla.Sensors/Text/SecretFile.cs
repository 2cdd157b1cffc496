using System.Text;

namespace Vla.Sensors.Text;

/// <summary>Reads a file with a secret in it, which nobody but its owner may be able to use.</summary>
internal static class SecretFile
{
    /// <summary>A line ending and a byte order mark, and one more, so that what is too long shows.</summary>
    private const int MoreBytes = 6;

    private const UnixFileMode OthersMayUse =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <param name="path">The file.</param>
    /// <param name="longest">Most characters of the secret, ASCII.</param>
    /// <param name="what">What it is called, in messages: <c>key file</c>.</param>
    /// <param name="refuse">Makes the exception for a file that cannot be used.</param>
    /// <returns>As it is written, with its line ending.</returns>
    /// <exception cref="Exception">
    /// What <paramref name="refuse"/> makes: it cannot be read, or others can read or write it.
    /// </exception>
    public static string Read(string path, int longest, string what, Func<string, Exception?, Exception> refuse)
    {
        try
        {
            return WaitingFile.Read(path, ReadNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw refuse($"{what} '{path}' cannot be read: {OneLine.Of(e.Message)}", e);
        }

        string ReadNow()
        {
            using var file = File.OpenRead(path);
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & OthersMayUse) != 0)
                throw refuse(
                    $"{what} '{path}' can be read or written by others than its owner: chmod 600 '{path}'",
                    null
                );
            var bytes = new byte[longest + MoreBytes];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return Encoding.UTF8.GetString(Utf8Text.Check(bytes.AsMemory(0, length)).Span);
        }
    }
}
