using Microsoft.Win32.SafeHandles;

namespace Vla.Actors.Checkpoints;

/// <summary>The bytes of an archive's file, and what is wrong with them.</summary>
internal sealed class TorchArchiveBytes : IDisposable
{
    private readonly string _path;
    private readonly SafeFileHandle _file;

    /// <exception cref="IOException">It cannot be read.</exception>
    public TorchArchiveBytes(string path)
    {
        (_path, _file) = (path, File.OpenHandle(path));
        Length = RandomAccess.GetLength(_file);
    }

    public long Length { get; }

    public byte[] Read(long start, long count)
    {
        if (count > Array.MaxLength)
            throw Damaged($"has a part of {count} bytes, more than is read at once");
        var bytes = new byte[count];
        Read(start, bytes);
        return bytes;
    }

    public void Read(long start, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            var count = RandomAccess.Read(_file, destination, start);
            if (count == 0)
                throw Damaged("ended while it was being read");
            destination = destination[count..];
            start += count;
        }
    }

    /// <summary>One line that names the file.</summary>
    public CheckpointException Damaged(string what, Exception? inner = null) => new($"{_path}: {what}", inner);

    public void Dispose() => _file.Dispose();
}
