namespace Vla.Runtime.Hosting;

/// <summary>
/// Splits a stream of bytes into lines without decoding them, so that bad bytes can be told from good ones.
/// </summary>
internal static class Utf8Lines
{
    /// <param name="input">Read to its end.</param>
    /// <param name="limit">Of a longer line only its first <paramref name="limit"/> + 1 bytes are kept.</param>
    /// <returns>Each line without its line feed and carriage return.</returns>
    public static IEnumerable<byte[]> Read(Stream input, int limit)
    {
        var line = new MemoryStream();
        var buffer = new byte[4096];
        int read;
        while ((read = input.Read(buffer, 0, buffer.Length)) > 0)
        {
            for (var i = 0; i < read; i++)
            {
                if (buffer[i] == '\n')
                {
                    yield return Finish(line);
                    line.SetLength(0);
                }
                else if (line.Length <= limit)
                {
                    line.WriteByte(buffer[i]);
                }
            }
        }

        if (line.Length > 0)
            yield return Finish(line);
    }

    private static byte[] Finish(MemoryStream line)
    {
        var bytes = line.ToArray();
        return bytes is [.., (byte)'\r'] ? bytes[..^1] : bytes;
    }
}
