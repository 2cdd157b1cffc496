using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Vla.Actors.Checkpoints;

/// <summary>A file in a <see cref="TorchArchive"/>.</summary>
/// <param name="Name">With folders: <c>archive/data/0</c>.</param>
/// <param name="IsPacked">Compressed, as code is; numbers never are.</param>
/// <param name="Length">Bytes as they are read, of a packed file as it claims.</param>
/// <param name="StoredLength">Bytes in the archive.</param>
/// <param name="Start">Where they begin.</param>
/// <param name="Checksum">CRC-32 of the unpacked bytes.</param>
internal sealed record TorchArchiveFile(
    string Name,
    bool IsPacked,
    long Length,
    long StoredLength,
    long Start,
    uint Checksum
);

/// <summary>Reads the zip archives that PyTorch writes.</summary>
/// <remarks>
/// Not .NET's ZipArchive: that does not say where in the archive a file lies, and so cannot tell that several share
/// their bytes (which is how a small file claims any size), nor does it compare checksums. The format is PKWARE's
/// APPNOTE.TXT, sections 4.3 and 4.5.3; what is understood is what PyTorch writes: one volume, no encryption, files
/// stored or deflated.
/// </remarks>
internal sealed class TorchArchive : IDisposable
{
    /// <summary>More than the tensors of any model.</summary>
    private const int MaximumFiles = 200_000;

    /// <summary>A file's entry in the directory has at least this many bytes before its name.</summary>
    private const int EntryBytes = 46;

    private const int LocalHeaderBytes = 30;
    private const int EndBytes = 22;
    private const int MaximumCommentBytes = 65_535;
    private const uint EndSignature = 0x06054b50;
    private const uint WideEndSignature = 0x06064b50;
    private const uint WideLocatorSignature = 0x07064b50;
    private const uint EntrySignature = 0x02014b50;
    private const uint LocalSignature = 0x04034b50;

    /// <summary>"Too large for this field: see the extra field."</summary>
    private const uint Wide = uint.MaxValue;

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly long _length;

    private TorchArchive(string path, SafeFileHandle file)
    {
        (_path, _file) = (path, file);
        _length = RandomAccess.GetLength(file);
        var (count, bytes, start) = FindDirectory();
        // Before anything is allocated for them.
        if (count > MaximumFiles || (Int128)count * EntryBytes > bytes)
            throw Damaged($"claims {count} files in a directory of {bytes} bytes");
        if (start < 0 || bytes < 0 || (Int128)start + bytes > _length)
            throw Damaged("has its directory outside the file; it is cut off");
        Files = ReadDirectory(Read(start, bytes), (int)count);
        CheckOverlap(start);
    }

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, TorchArchiveFile> Files { get; }

    /// <exception cref="CheckpointException">It is no archive, or damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static TorchArchive Open(string path)
    {
        var file = File.OpenHandle(path);
        try
        {
            return new TorchArchive(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A file's bytes as a whole, unpacked.</summary>
    /// <param name="file">One of <see cref="Files"/>.</param>
    /// <param name="maximumBytes">Most that is read.</param>
    /// <exception cref="CheckpointException">It is larger, or damaged.</exception>
    public byte[] ReadWhole(TorchArchiveFile file, long maximumBytes)
    {
        if (file.Length > maximumBytes)
            throw Damaged($"has {file.Length} bytes in {Shown(file)}; at most {maximumBytes} are read");
        var bytes = file.IsPacked ? Unpack(file) : Read(file.Start, file.Length);
        if (Crc32.HashToUInt32(bytes) != file.Checksum)
            throw Damaged($"has damaged bytes in {Shown(file)}: they do not have their checksum");
        return bytes;
    }

    /// <summary>Some of a stored file's bytes.</summary>
    /// <exception cref="CheckpointException">The file has become shorter.</exception>
    public void Read(TorchArchiveFile file, long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + destination.Length, file.Length);
        ReadExactly(file.Start + offset, destination);
    }

    /// <summary>Compares a stored file's bytes with their checksum.</summary>
    /// <exception cref="CheckpointException">They are others.</exception>
    public void CheckSum(TorchArchiveFile file)
    {
        var sum = new Crc32();
        var buffer = new byte[1 << 20];
        for (long offset = 0; offset < file.Length; offset += buffer.Length)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, file.Length - offset));
            Read(file, offset, part);
            sum.Append(part);
        }

        if (sum.GetCurrentHashAsUInt32() != file.Checksum)
            throw Damaged($"has damaged numbers in {Shown(file)}: they do not have their checksum");
    }

    public void Dispose() => _file.Dispose();

    // The end record is last, but for a comment; of a large archive it points to a wider one before it.
    private (long Count, long Bytes, long Start) FindDirectory()
    {
        var tail = Read(
            Math.Max(0, _length - EndBytes - MaximumCommentBytes),
            Math.Min(_length, EndBytes + MaximumCommentBytes)
        );
        for (var at = tail.Length - EndBytes; at >= 0; at--)
        {
            var end = tail.AsSpan(at);
            if (BinaryPrimitives.ReadUInt32LittleEndian(end) != EndSignature)
                continue;
            if (BinaryPrimitives.ReadUInt16LittleEndian(end[20..]) != end.Length - EndBytes)
                continue;
            var position = _length - tail.Length + at;
            var (count, bytes, start) = (
                (long)BinaryPrimitives.ReadUInt16LittleEndian(end[10..]),
                BinaryPrimitives.ReadUInt32LittleEndian(end[12..]),
                BinaryPrimitives.ReadUInt32LittleEndian(end[16..])
            );
            return FindWideDirectory(position) ?? (count, bytes, start);
        }

        throw Damaged("is a damaged zip archive: its directory is missing, it is cut off");
    }

    private (long Count, long Bytes, long Start)? FindWideDirectory(long end)
    {
        const int LocatorBytes = 20,
            RecordBytes = 56;
        if (end < LocatorBytes)
            return null;
        var locator = Read(end - LocatorBytes, LocatorBytes).AsSpan();
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != WideLocatorSignature)
            return null;
        var at = BinaryPrimitives.ReadInt64LittleEndian(locator[8..]);
        if (at < 0 || at > end - LocatorBytes - RecordBytes)
            throw Damaged("has its directory outside the file; it is cut off");
        var record = Read(at, RecordBytes).AsSpan();
        return BinaryPrimitives.ReadUInt32LittleEndian(record) == WideEndSignature
            ? (
                BinaryPrimitives.ReadInt64LittleEndian(record[32..]),
                BinaryPrimitives.ReadInt64LittleEndian(record[40..]),
                BinaryPrimitives.ReadInt64LittleEndian(record[48..])
            )
            : throw Damaged("is a damaged zip archive");
    }

    private Dictionary<string, TorchArchiveFile> ReadDirectory(ReadOnlySpan<byte> directory, int count)
    {
        var files = new Dictionary<string, TorchArchiveFile>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            if (directory.Length < EntryBytes || BinaryPrimitives.ReadUInt32LittleEndian(directory) != EntrySignature)
                throw Damaged("is a damaged zip archive: its directory ends early");
            var (nameLength, extraLength, commentLength) = (
                BinaryPrimitives.ReadUInt16LittleEndian(directory[28..]),
                BinaryPrimitives.ReadUInt16LittleEndian(directory[30..]),
                BinaryPrimitives.ReadUInt16LittleEndian(directory[32..])
            );
            var length = EntryBytes + nameLength + extraLength + commentLength;
            if (directory.Length < length)
                throw Damaged("is a damaged zip archive: its directory ends early");
            var file = ReadEntry(
                directory[..EntryBytes],
                directory.Slice(EntryBytes, nameLength),
                directory.Slice(EntryBytes + nameLength, extraLength)
            );
            if (!files.TryAdd(file.Name, file))
                throw Damaged($"has two files named {Shown(file)}");
            directory = directory[length..];
        }

        return files;
    }

    private TorchArchiveFile ReadEntry(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> nameBytes, ReadOnlySpan<byte> extra)
    {
        const int Encrypted = 1,
            Stored = 0,
            Deflated = 8;
        var name = Encoding.UTF8.GetString(nameBytes);
        var shown = ErrorText.Bounded(name);
        var (flags, method) = (
            BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(entry[10..])
        );
        if ((flags & Encrypted) != 0)
            throw Damaged($"is encrypted ({shown})");
        if (method is not (Stored or Deflated))
            throw Damaged($"has {shown} packed in a way that PyTorch never does (method {method})");
        long stored = BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]),
            length = BinaryPrimitives.ReadUInt32LittleEndian(entry[24..]);
        long offset = BinaryPrimitives.ReadUInt32LittleEndian(entry[42..]);
        ReadWideSizes(extra, ref length, ref stored, ref offset);
        if (length < 0 || stored < 0 || offset < 0 || offset > _length - LocalHeaderBytes)
            throw Damaged($"has {shown} outside the file; it is cut off");
        if (method == Stored && length != stored)
            throw Damaged($"says of {shown} that it has {length} bytes, stored in {stored}");

        var header = Read(offset, LocalHeaderBytes).AsSpan();
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != LocalSignature)
            throw Damaged($"has nothing where {shown} should begin");
        var start =
            offset
            + LocalHeaderBytes
            + BinaryPrimitives.ReadUInt16LittleEndian(header[26..])
            + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        if ((Int128)start + stored > _length)
            throw Damaged($"has {shown} reach beyond the end of the file; it is cut off");
        return new TorchArchiveFile(
            name,
            method == Deflated,
            length,
            stored,
            start,
            BinaryPrimitives.ReadUInt32LittleEndian(entry[16..])
        );
    }

    // Extra field 1 holds, in this order, whichever of the three do not fit their own field.
    private static void ReadWideSizes(ReadOnlySpan<byte> extra, ref long length, ref long stored, ref long offset)
    {
        const int WideSizes = 1,
            FieldHeader = 4;
        while (extra.Length >= FieldHeader)
        {
            var (id, size) = (
                BinaryPrimitives.ReadUInt16LittleEndian(extra),
                BinaryPrimitives.ReadUInt16LittleEndian(extra[2..])
            );
            var field = extra[FieldHeader..];
            if (size > field.Length)
                return;
            extra = field[size..];
            if (id != WideSizes)
                continue;
            field = field[..size];
            Take(ref field, ref length);
            Take(ref field, ref stored);
            Take(ref field, ref offset);
        }

        static void Take(ref ReadOnlySpan<byte> field, ref long value)
        {
            if (value != Wide || field.Length < sizeof(long))
                return;
            value = BinaryPrimitives.ReadInt64LittleEndian(field);
            field = field[sizeof(long)..];
        }
    }

    private void CheckOverlap(long directoryStart)
    {
        var (covered, last) = (0L, "");
        foreach (var file in Files.Values.OrderBy(file => file.Start).ThenBy(file => file.StoredLength))
        {
            if (file.Start < covered)
                throw Damaged($"has {Shown(file)} in the same bytes as {ErrorText.Bounded(last)}");
            (covered, last) = (file.Start + file.StoredLength, file.Name);
        }

        if (covered > directoryStart)
            throw Damaged($"has {ErrorText.Bounded(last)} in the same bytes as its directory");
    }

    private byte[] Unpack(TorchArchiveFile file)
    {
        // Deflate packs at most 1032 times.
        const int MostPacked = 1_032;
        if (file.Length > (file.StoredLength + 1) * MostPacked)
            throw Damaged($"says of {Shown(file)} more bytes than it can have");
        using var stream = new DeflateStream(
            new MemoryStream(Read(file.Start, file.StoredLength)),
            CompressionMode.Decompress
        );
        var bytes = new byte[file.Length];
        try
        {
            stream.ReadExactly(bytes);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new CheckpointException($"{_path}: has damaged bytes in {Shown(file)}", e);
        }

        return bytes;
    }

    private byte[] Read(long start, long count)
    {
        if (count > Array.MaxLength)
            throw Damaged($"has a part of {count} bytes, more than is read at once");
        var bytes = new byte[count];
        ReadExactly(start, bytes);
        return bytes;
    }

    private void ReadExactly(long start, Span<byte> destination)
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

    private static string Shown(TorchArchiveFile file) => ErrorText.Bounded(file.Name);

    private CheckpointException Damaged(string what) => new($"{_path}: {what}");
}
