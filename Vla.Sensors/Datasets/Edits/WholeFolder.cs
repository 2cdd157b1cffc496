using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Vla.Sensors.Text;

namespace Vla.Sensors.Datasets.Edits;

/// <summary>A folder that gets its name when it is whole and on disk, or leaves nothing.</summary>
internal sealed partial class WholeFolder : IDisposable
{
    private const string Ending = ".partial";
    private const string Aside = ".old";

    /// <summary>In a folder that is being written: open as long as whoever writes it lives.</summary>
    private const string Lock = ".lock";

    private readonly bool _replaces;
    private FileStream? _lock;
    private bool _isKept;

    /// <param name="target">Its name when it is whole.</param>
    /// <param name="replaces">What is there gives way to it in one step; otherwise nothing may be there.</param>
    /// <exception cref="DatasetException">It cannot be made there.</exception>
    public WholeFolder(string target, bool replaces = false)
    {
        Target = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(target));
        _replaces = replaces;
        var parent = System.IO.Path.GetDirectoryName(Target) ?? Target;
        var beginning = $".{System.IO.Path.GetFileName(Target)}.";
        Path = System.IO.Path.Combine(parent, $"{beginning}{Guid.NewGuid():N}{Ending}");
        if (!replaces && (File.Exists(Target) || IsFull(Target)))
            throw new DatasetException($"'{target}' is there already: name a new directory");
        try
        {
            var left = LeftIn(parent, beginning);
            Removed = [.. left.Where(IsRemoved)];
            Left = [.. left.Except(Removed)];
            Directory.CreateDirectory(Path);
            _lock = new FileStream(LockIn(Path), FileMode.CreateNew, FileAccess.Write, FileShare.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"'{target}' cannot be written: {OneLine.Of(exception.Message)}", exception);
        }
    }

    /// <summary>Where it is written, on the same file system.</summary>
    public string Path { get; }

    public string Target { get; }

    /// <summary>Folders that edits of it had left which were killed, and that are gone now.</summary>
    public IReadOnlyList<string> Removed { get; }

    /// <summary>
    /// Folders that edits of it have left and that are not removed: they may be of one that is under way, or be what
    /// was there before.
    /// </summary>
    public IReadOnlyList<string> Left { get; }

    /// <summary>Gives it its name, once all of it is on disk.</summary>
    /// <exception cref="DatasetException">That is not possible.</exception>
    public void Keep()
    {
        try
        {
            Unlock();
            Flush(Path);
            if (_replaces)
                Exchange(Path, Target);
            else
                Place();
            _isKept = !_replaces;
            FlushFolder(System.IO.Path.GetDirectoryName(Target)!);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"'{Target}' cannot be written: {OneLine.Of(exception.Message)}", exception);
        }
    }

    public void Dispose()
    {
        Unlock();
        // After an exchange it is the old one that goes.
        if (!_isKept && Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }

    private static string LockIn(string folder) => System.IO.Path.Combine(folder, Lock);

    private void Unlock()
    {
        if (_lock is null)
            return;
        _lock.Dispose();
        _lock = null;
        File.Delete(LockIn(Path));
    }

    /// <summary>Removes a folder that was being written when whoever wrote it died.</summary>
    private static bool IsRemoved(string left)
    {
        if (!File.Exists(LockIn(left)))
            return false;
        try
        {
            // Nobody has it open: nobody writes there any more.
            using (new FileStream(LockIn(left), FileMode.Open, FileAccess.Write, FileShare.None)) { }

            Directory.Delete(left, recursive: true);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void Place()
    {
        // An empty folder may be where it is to be.
        if (Directory.Exists(Target))
            Directory.Delete(Target);
        Directory.Move(Path, Target);
    }

    private static string[] LeftIn(string parent, string beginning)
    {
        if (!Directory.Exists(parent))
            return [];
        return
        [
            .. Directory
                .EnumerateDirectories(parent)
                .Where(folder => IsLeft(System.IO.Path.GetFileName(folder).AsSpan(), beginning))
                .Order(StringComparer.Ordinal),
        ];
    }

    private static bool IsLeft(ReadOnlySpan<char> name, string beginning)
    {
        if (!name.StartsWith(beginning, StringComparison.Ordinal))
            return false;
        var rest = name[beginning.Length..];
        if (rest.EndsWith(Aside, StringComparison.Ordinal))
            rest = rest[..^Aside.Length];
        return rest.EndsWith(Ending, StringComparison.Ordinal)
            && Guid.TryParseExact(rest[..^Ending.Length], "N", out _);
    }

    private static bool IsFull(string directory) =>
        Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any();

    private static void Exchange(string one, string other)
    {
        if (OperatingSystem.IsLinux() && RenameAt(CurrentFolder, one, CurrentFolder, other, ExchangeFlag) == 0)
            return;

        // Where a file system cannot exchange, there is a moment with the old one under another name.
        var aside = one + Aside;
        Directory.Move(other, aside);
        try
        {
            Directory.Move(one, other);
        }
        catch
        {
            Directory.Move(aside, other);
            throw;
        }

        Directory.Move(aside, one);
    }

    private static void Flush(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            using var handle = File.OpenHandle(file, access: FileAccess.ReadWrite);
            RandomAccess.FlushToDisk(handle);
        }

        foreach (var inner in Directory.EnumerateDirectories(folder))
            Flush(inner);
        FlushFolder(folder);
    }

    private static void FlushFolder(string folder)
    {
        if (!OperatingSystem.IsLinux())
            return;
        // Which names a folder has is not on disk with the files.
        using var handle = new SafeFileHandle(Open(folder, 0), ownsHandle: true);
        if (!handle.IsInvalid)
            _ = Sync(handle);
    }

    private const int CurrentFolder = -100;
    private const uint ExchangeFlag = 2;

    [LibraryImport("libc", EntryPoint = "renameat2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(int oldFolder, string old, int newFolder, string name, uint flags);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Sync(SafeFileHandle file);
}
