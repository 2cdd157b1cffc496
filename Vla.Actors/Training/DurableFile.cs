using System.Text;

namespace Vla.Actors.Training;

/// <summary>
/// Writes small files so that whoever reads, and whoever finds them after a crash or a power cut, sees the old or the
/// new one whole.
/// </summary>
internal static class DurableFile
{
    /// <exception cref="IOException">It cannot be written; the old one is as it was.</exception>
    public static void Write(string path, string text)
    {
        var temporary = $"{path}.partial";
        using (var file = File.Create(temporary))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
