namespace Vla.Tests;

/// <summary>Finds the repository's own files, such as those under <c>config/</c>.</summary>
public static class Repository
{
    /// <param name="path">From the repository's root: <c>config/vla.json</c>.</param>
    public static string File(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder.FullName, "Vla.sln")))
            folder = folder.Parent;
        Assert.NotNull(folder);
        return Path.Combine(folder.FullName, path);
    }

    /// <param name="pattern"><c>*.cs</c>: every such file of the repository, without what builds leave behind.</param>
    public static IEnumerable<string> Files(string pattern) =>
        Directory
            .EnumerateFiles(File("."), pattern, SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(File("."), file).Split('/').Any(IsLeft));

    private static bool IsLeft(string folder) =>
        folder is "bin" or "obj" or "artifacts" or "TestResults" || (folder.StartsWith('.') && folder is not ".ci");
}
