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
}
