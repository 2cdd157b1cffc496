using Vla.Actors.Checkpoints.Pickling;

namespace Vla.Actors.Checkpoints;

/// <summary>
/// Reads tensors out of the runs of numbers that an archive of PyTorch holds, each in a file of its own.
/// </summary>
/// <param name="path">Named in errors.</param>
/// <param name="archive">Owned by somebody else.</param>
/// <param name="folder">Where the runs are: <c>archive/data/</c>.</param>
/// <param name="reverseByteOrder">The numbers are of the other byte order than this machine's.</param>
internal sealed class TorchStorages(string path, TorchArchive archive, string folder, bool reverseByteOrder)
{
    /// <summary>
    /// The most that a view may be larger than its run: such a view repeats numbers, and a small file could claim any
    /// amount.
    /// </summary>
    private const long MaximumRepeatedBytes = 1L << 30;

    private readonly HashSet<string> _compared = new(StringComparer.Ordinal);

    /// <summary>Checks that a tensor's numbers are there.</summary>
    /// <param name="name">For errors.</param>
    /// <param name="tensor">As the pickle describes it.</param>
    /// <exception cref="CheckpointException">They are not, or not as PyTorch stores them.</exception>
    public void Check(string name, PickleTensor tensor)
    {
        var (shown, storage) = (ErrorText.Bounded(name), tensor.Storage);
        if (!archive.Files.TryGetValue(FileOf(storage), out var file))
            throw Damaged($"has no file {ErrorText.Bounded(FileOf(storage))} for '{shown}'");
        // PyTorch stores numbers as they are. A packed file could also unfold to any size.
        if (file.IsPacked)
            throw Damaged($"has packed numbers for '{shown}'; torch.save does not pack them");
        var size = storage.Type?.Size() ?? 1;
        if ((Int128)storage.ElementCount * size != file.Length)
            throw Damaged($"has {file.Length} bytes for '{shown}', which says {storage.ElementCount} × {size}");
        var bytes = (Int128)CheckpointShape.ElementCount(tensor.Shape)!.Value * tensor.Type.Size();
        if (bytes - file.Length > MaximumRepeatedBytes)
            throw Damaged(
                $"holds '{shown}' {CheckpointShape.Text(tensor.Shape)} as a view that repeats {file.Length} bytes; "
                    + "save its .contiguous() copy"
            );
    }

    /// <summary>Reads elements, row by row, in this machine's byte order.</summary>
    /// <param name="name">For errors.</param>
    /// <param name="tensor">Checked.</param>
    /// <param name="firstElement">Where to start, in elements.</param>
    /// <param name="destination">Filled whole.</param>
    /// <exception cref="CheckpointException">The file cannot be read or is damaged.</exception>
    public void Read(string name, PickleTensor tensor, long firstElement, Span<byte> destination)
    {
        if (destination.IsEmpty)
            return;
        CompareChecksum(tensor.Storage);
        var size = tensor.Type.Size();
        if (StridedView.IsContiguous(tensor.Shape, tensor.Strides))
        {
            Read(tensor, tensor.Offset + firstElement, destination);
        }
        else
        {
            var extent = StridedView.Extent(tensor.Shape, tensor.Strides) * size;
            if (extent > Array.MaxLength)
                throw Damaged(
                    $"holds '{ErrorText.Bounded(name)}' as a rearranged view of more than 2 GB; save its "
                        + ".contiguous() copy"
                );
            var elements = new byte[extent];
            Read(tensor, tensor.Offset, elements);
            StridedView.Gather(elements, tensor.Shape, tensor.Strides, size, firstElement, destination);
        }

        if (reverseByteOrder)
            tensor.Type.ReverseByteOrder(destination);
    }

    private string FileOf(PickleStorage storage) => $"{folder}{storage.Key}";

    // Once for each: a flipped bit in a weight is a number like any other, and nothing else would notice.
    private void CompareChecksum(PickleStorage storage)
    {
        lock (_compared)
        {
            if (_compared.Contains(storage.Key))
                return;
            try
            {
                archive.CheckSum(archive.Files[FileOf(storage)]);
            }
            catch (IOException e)
            {
                throw CannotBeRead(storage, e);
            }

            _compared.Add(storage.Key);
        }
    }

    private void Read(PickleTensor tensor, long firstElement, Span<byte> destination)
    {
        try
        {
            archive.Read(archive.Files[FileOf(tensor.Storage)], firstElement * tensor.Type.Size(), destination);
        }
        catch (IOException e)
        {
            throw CannotBeRead(tensor.Storage, e);
        }
    }

    private CheckpointException CannotBeRead(PickleStorage storage, IOException e) =>
        new($"{path}: storage {ErrorText.Bounded(storage.Key)} cannot be read ({ErrorText.FirstLine(e.Message)})", e);

    private CheckpointException Damaged(string what) => new($"{path}: {what}");
}
