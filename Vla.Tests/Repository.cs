namespace Vla.Tests;

/// <summary>Finds the repository's own files, such as those under <c>config/</c>.</summary>
public static class Repository
{
    /// <param name="path">From the repository's root: <c>config/vla.json</c>.</param>
    public static string File(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder.FullName, "Vla.sln"))) folder = folder.Parent;
        Assert.NotNull(folder);
        return Path.Combine(folder.FullName, path);
    }
}
