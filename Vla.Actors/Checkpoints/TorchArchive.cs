using System.IO.Compression;
using System.IO.Hashing;

namespace Vla.Actors.Checkpoints;

/// <summary>Reads the zip archives that PyTorch writes.</summary>
/// <remarks>
/// Not .NET's ZipArchive: that does not say where in the archive a file lies, and so cannot tell that several share
/// their bytes (which is how a small file claims any size), nor does it compare checksums. The format is PKWARE's
/// APPNOTE.TXT, sections 4.3 and 4.5.3; what is understood is what PyTorch writes: one volume, no encryption, files
/// stored or deflated.
/// </remarks>
internal sealed class TorchArchive : IDisposable
{
    private readonly TorchArchiveBytes _bytes;

    private TorchArchive(TorchArchiveBytes bytes) => (_bytes, Files) = (bytes, TorchArchiveDirectory.Read(bytes));

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, TorchArchiveFile> Files { get; }

    /// <exception cref="CheckpointException">It is no archive, or damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static TorchArchive Open(string path)
    {
        var bytes = new TorchArchiveBytes(path);
        try
        {
            return new TorchArchive(bytes);
        }
        catch
        {
            bytes.Dispose();
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
            throw _bytes.Damaged($"has {file.Length} bytes in {Shown(file)}; at most {maximumBytes} are read");
        var bytes = file.IsPacked ? Unpack(file) : _bytes.Read(file.Start, file.Length);
        if (Crc32.HashToUInt32(bytes) != file.Checksum)
            throw _bytes.Damaged($"has damaged bytes in {Shown(file)}: they do not have their checksum");
        return bytes;
    }

    /// <summary>Some of a stored file's bytes.</summary>
    /// <exception cref="CheckpointException">The file has become shorter.</exception>
    public void Read(TorchArchiveFile file, long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + destination.Length, file.Length);
        _bytes.Read(file.Start + offset, destination);
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
            throw _bytes.Damaged($"has damaged numbers in {Shown(file)}: they do not have their checksum");
    }

    public void Dispose() => _bytes.Dispose();

    private byte[] Unpack(TorchArchiveFile file)
    {
        // Deflate packs at most 1032 times.
        const int MostPacked = 1_032;
        if (file.Length > (file.StoredLength + 1) * MostPacked)
            throw _bytes.Damaged($"says of {Shown(file)} more bytes than it can have");
        using var stream = new DeflateStream(
            new MemoryStream(_bytes.Read(file.Start, file.StoredLength)),
            CompressionMode.Decompress
        );
        var bytes = new byte[file.Length];
        try
        {
            stream.ReadExactly(bytes);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw _bytes.Damaged($"has damaged bytes in {Shown(file)}", e);
        }

        return bytes;
    }

    private static string Shown(TorchArchiveFile file) => ErrorText.Bounded(file.Name);
}
