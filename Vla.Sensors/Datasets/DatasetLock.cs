namespace Vla.Sensors.Datasets;

/// <summary>Keeps a second recording away from a dataset, and clears what an earlier one left unfinished.</summary>
internal static class DatasetLock
{
    /// <summary>Where recordings keep what is not finished.</summary>
    public static string FolderIn(string directory) => Path.Combine(directory, DatasetFiles.Unfinished);

    /// <param name="directory">The dataset; made if it is not there.</param>
    /// <returns>Open for as long as the dataset is recorded to.</returns>
    /// <exception cref="DatasetException">It cannot be written to, or is being recorded to already.</exception>
    public static FileStream Take(string directory)
    {
        try
        {
            var folder = Directory.CreateDirectory(FolderIn(directory)).FullName;
            var file = new FileStream(Path.Combine(folder, "lock"), FileMode.Create, FileAccess.Write, FileShare.None);
            foreach (var left in Directory.EnumerateFiles(folder, "*.mp4"))
                File.Delete(left);
            return file;
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new DatasetException($"'{directory}' cannot be written to: {exception.Message}", exception);
        }
        catch (IOException exception)
        {
            throw new DatasetException(
                $"'{directory}' cannot be recorded to, or is being recorded to already: {exception.Message}",
                exception
            );
        }
    }

    /// <summary>Lets others record to it again, and leaves nothing behind.</summary>
    /// <param name="directory">The dataset.</param>
    /// <param name="held">As it was taken.</param>
    public static void Release(string directory, FileStream held)
    {
        held.Dispose();
        if (Directory.Exists(FolderIn(directory)))
            Directory.Delete(FolderIn(directory), recursive: true);
    }
}
