namespace Vla.Tests;

/// <summary>A directory of its own for one test, removed afterwards.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("vla-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, byte[] content)
    {
        System.IO.File.WriteAllBytes(File(name), content);
        return File(name);
    }

    /// <summary>Copies the files of another directory, without its subdirectories.</summary>
    public TemporaryDirectory With(string directory)
    {
        foreach (var file in Directory.EnumerateFiles(directory))
            System.IO.File.Copy(file, File(System.IO.Path.GetFileName(file)), overwrite: true);
        return this;
    }

    /// <summary>Replaces a piece of a text file that occurs there exactly once.</summary>
    public TemporaryDirectory Edit(string name, string old, string replacement)
    {
        var text = System.IO.File.ReadAllText(File(name));
        Assert.Equal(2, text.Split(old).Length);
        System.IO.File.WriteAllText(File(name), text.Replace(old, replacement, StringComparison.Ordinal));
        return this;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
