using System.Runtime.ExceptionServices;

namespace Vla.Sensors.Text;

/// <summary>Reads what may keep its reader waiting: a pipe that nobody writes to, a terminal, a serial line.</summary>
/// <remarks>
/// Opening such a file, or reading it, can wait for ever, and nothing can end that from outside: so it has a thread,
/// and the reader goes on without it.
/// </remarks>
internal static class WaitingFile
{
    /// <summary>Whoever writes into a pipe is a program that is started together with this one.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    /// <param name="path">The file.</param>
    /// <param name="read">Opens and reads it.</param>
    /// <param name="bound">Instead of <see cref="Bound"/>.</param>
    /// <exception cref="TextFileException">Nothing has come to an end within the bound.</exception>
    public static T Read<T>(string path, Func<T> read, TimeSpan? bound = null)
    {
        // Pipes and devices have no length.
        if (new FileInfo(path) is not { Exists: true, Length: 0 })
            return read();
        var result = default(T);
        var failure = (ExceptionDispatchInfo?)null;
        var reader = new Thread(() =>
        {
            try
            {
                result = read();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        })
        {
            Name = "vla-waiting-file",
            IsBackground = true,
        };
        reader.Start();
        var patience = bound ?? Bound;
        if (!reader.Join(patience))
            throw new TextFileException(
                "it is a pipe or a device, and nobody has written to it and closed it within "
                    + $"{patience.TotalSeconds:0} s"
            );
        failure?.Throw();
        return result!;
    }

    /// <summary>
    /// Refuses what is no file with something in it, before it is opened: opening a pipe would wait for its writer.
    /// </summary>
    /// <remarks>
    /// For whatever is read in any order, as a pipe cannot be. What is not there is left to whoever opens it.
    /// </remarks>
    /// <exception cref="TextFileException">It is empty, a pipe or a device.</exception>
    public static void Refuse(string path)
    {
        if (new FileInfo(path) is { Exists: true, Length: 0 })
            throw new TextFileException("it is empty, or a pipe and no file");
    }
}
