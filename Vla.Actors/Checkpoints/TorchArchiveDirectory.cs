using System.Buffers.Binary;
using System.Text;

namespace Vla.Actors.Checkpoints;

/// <summary>Reads the directory at the end of a zip archive: which files there are, and where.</summary>
internal static class TorchArchiveDirectory
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

    /// <summary>The files by name.</summary>
    /// <exception cref="CheckpointException">It is no archive, or damaged.</exception>
    public static Dictionary<string, TorchArchiveFile> Read(TorchArchiveBytes bytes)
    {
        var (count, size, start) = Find(bytes);
        // Before anything is allocated for them.
        if (count > MaximumFiles || (Int128)count * EntryBytes > size)
            throw bytes.Damaged($"claims {count} files in a directory of {size} bytes");
        if (start < 0 || size < 0 || (Int128)start + size > bytes.Length)
            throw bytes.Damaged("has its directory outside the file; it is cut off");
        var files = ReadEntries(bytes, bytes.Read(start, size), (int)count);
        CheckOverlap(bytes, files, start);
        return files;
    }

    // The end record is last, but for a comment; of a large archive it points to a wider one before it.
    private static (long Count, long Bytes, long Start) Find(TorchArchiveBytes bytes)
    {
        var tail = bytes.Read(
            Math.Max(0, bytes.Length - EndBytes - MaximumCommentBytes),
            Math.Min(bytes.Length, EndBytes + MaximumCommentBytes)
        );
        for (var at = tail.Length - EndBytes; at >= 0; at--)
        {
            var end = tail.AsSpan(at);
            if (BinaryPrimitives.ReadUInt32LittleEndian(end) != EndSignature)
                continue;
            if (BinaryPrimitives.ReadUInt16LittleEndian(end[20..]) != end.Length - EndBytes)
                continue;
            var position = bytes.Length - tail.Length + at;
            var (count, size, start) = (
                (long)BinaryPrimitives.ReadUInt16LittleEndian(end[10..]),
                BinaryPrimitives.ReadUInt32LittleEndian(end[12..]),
                BinaryPrimitives.ReadUInt32LittleEndian(end[16..])
            );
            return FindWide(bytes, position) ?? (count, size, start);
        }

        throw bytes.Damaged("is a damaged zip archive: its directory is missing, it is cut off");
    }

    private static (long Count, long Bytes, long Start)? FindWide(TorchArchiveBytes bytes, long end)
    {
        const int LocatorBytes = 20,
            RecordBytes = 56;
        if (end < LocatorBytes)
            return null;
        var locator = bytes.Read(end - LocatorBytes, LocatorBytes).AsSpan();
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != WideLocatorSignature)
            return null;
        var at = BinaryPrimitives.ReadInt64LittleEndian(locator[8..]);
        if (at < 0 || at > end - LocatorBytes - RecordBytes)
            throw bytes.Damaged("has its directory outside the file; it is cut off");
        var record = bytes.Read(at, RecordBytes).AsSpan();
        return BinaryPrimitives.ReadUInt32LittleEndian(record) == WideEndSignature
            ? (
                BinaryPrimitives.ReadInt64LittleEndian(record[32..]),
                BinaryPrimitives.ReadInt64LittleEndian(record[40..]),
                BinaryPrimitives.ReadInt64LittleEndian(record[48..])
            )
            : throw bytes.Damaged("is a damaged zip archive");
    }

    private static Dictionary<string, TorchArchiveFile> ReadEntries(
        TorchArchiveBytes bytes,
        ReadOnlySpan<byte> directory,
        int count
    )
    {
        var files = new Dictionary<string, TorchArchiveFile>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            if (directory.Length < EntryBytes || BinaryPrimitives.ReadUInt32LittleEndian(directory) != EntrySignature)
                throw bytes.Damaged("is a damaged zip archive: its directory ends early");
            var (nameLength, extraLength, commentLength) = (
                BinaryPrimitives.ReadUInt16LittleEndian(directory[28..]),
                BinaryPrimitives.ReadUInt16LittleEndian(directory[30..]),
                BinaryPrimitives.ReadUInt16LittleEndian(directory[32..])
            );
            var length = EntryBytes + nameLength + extraLength + commentLength;
            if (directory.Length < length)
                throw bytes.Damaged("is a damaged zip archive: its directory ends early");
            var file = ReadEntry(
                bytes,
                directory[..EntryBytes],
                directory.Slice(EntryBytes, nameLength),
                directory.Slice(EntryBytes + nameLength, extraLength)
            );
            if (!files.TryAdd(file.Name, file))
                throw bytes.Damaged($"has two files named {ErrorText.Bounded(file.Name)}");
            directory = directory[length..];
        }

        return files;
    }

    private static TorchArchiveFile ReadEntry(
        TorchArchiveBytes bytes,
        ReadOnlySpan<byte> entry,
        ReadOnlySpan<byte> nameBytes,
        ReadOnlySpan<byte> extra
    )
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
            throw bytes.Damaged($"is encrypted ({shown})");
        if (method is not (Stored or Deflated))
            throw bytes.Damaged($"has {shown} packed in a way that PyTorch never does (method {method})");
        long stored = BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]),
            length = BinaryPrimitives.ReadUInt32LittleEndian(entry[24..]);
        long offset = BinaryPrimitives.ReadUInt32LittleEndian(entry[42..]);
        ReadWideSizes(extra, ref length, ref stored, ref offset);
        if (length < 0 || stored < 0 || offset < 0 || offset > bytes.Length - LocalHeaderBytes)
            throw bytes.Damaged($"has {shown} outside the file; it is cut off");
        if (method == Stored && length != stored)
            throw bytes.Damaged($"says of {shown} that it has {length} bytes, stored in {stored}");

        var header = bytes.Read(offset, LocalHeaderBytes).AsSpan();
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != LocalSignature)
            throw bytes.Damaged($"has nothing where {shown} should begin");
        var start =
            offset
            + LocalHeaderBytes
            + BinaryPrimitives.ReadUInt16LittleEndian(header[26..])
            + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        if ((Int128)start + stored > bytes.Length)
            throw bytes.Damaged($"has {shown} reach beyond the end of the file; it is cut off");
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

    private static void CheckOverlap(
        TorchArchiveBytes bytes,
        Dictionary<string, TorchArchiveFile> files,
        long directoryStart
    )
    {
        var (covered, last) = (0L, "");
        foreach (var file in files.Values.OrderBy(file => file.Start).ThenBy(file => file.StoredLength))
        {
            if (file.Start < covered)
                throw bytes.Damaged(
                    $"has {ErrorText.Bounded(file.Name)} in the same bytes as {ErrorText.Bounded(last)}"
                );
            (covered, last) = (file.Start + file.StoredLength, file.Name);
        }

        if (covered > directoryStart)
            throw bytes.Damaged($"has {ErrorText.Bounded(last)} in the same bytes as its directory");
    }
}
