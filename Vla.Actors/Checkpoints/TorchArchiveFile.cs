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
