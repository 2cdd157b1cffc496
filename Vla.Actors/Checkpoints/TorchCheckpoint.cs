using System.IO.Compression;
using System.Text;
using Vla.Actors.Policies;

namespace Vla.Actors.Checkpoints;

/// <summary>Reads what <c>torch.save(model.state_dict(), file)</c> writes: a zip with a pickle and the raw numbers.</summary>
/// <remarks>
/// A training checkpoint that keeps the state dict under <c>state_dict</c> or <c>model_state_dict</c> is read as well.
/// Nothing in the file is executed, see <see cref="StateDictUnpickler"/>.
/// </remarks>
public sealed class TorchCheckpoint : Checkpoint
{
    /// <summary>Far more than the names and shapes of any model take.</summary>
    private const long MaximumPickleBytes = 64 << 20;

    private const string PickleName = "data.pkl";

    private static readonly string[] StateDictKeys = ["state_dict", "model_state_dict"];

    private readonly ZipArchive _archive;
    private readonly Dictionary<string, ZipArchiveEntry> _files = [];
    private readonly string _folder;
    private readonly bool _reverseByteOrder;
    private readonly Dictionary<string, CheckpointTensor> _tensors = [];
    private readonly Dictionary<string, PickleTensor> _views = [];

    private TorchCheckpoint(string path, ZipArchive archive)
        : base(path)
    {
        _archive = archive;
        foreach (var entry in archive.Entries)
        {
            if (!_files.TryAdd(entry.FullName, entry)) throw Damaged($"has two files named {ErrorText.Bounded(entry.FullName)}");
        }
        _folder = FindFolder();
        _reverseByteOrder = IsBigEndian() == BitConverter.IsLittleEndian;
        foreach (var (name, value) in ReadStateDict())
        {
            if (value is not PickleTensor view) throw Damaged($"holds '{ErrorText.Bounded(name)}', which is not a tensor");
            CheckStorage(name, view.Storage);
            _tensors.Add(name, new CheckpointTensor(name, view.Storage.Type, view.Shape));
            _views.Add(name, view);
        }
    }

    public override IReadOnlyDictionary<string, CheckpointTensor> Tensors => _tensors;

    /// <inheritdoc cref="Checkpoint.Open"/>
    public static new TorchCheckpoint Open(string path)
    {
        ZipArchive? archive = null;
        try
        {
            archive = ZipFile.OpenRead(path);
            var checkpoint = new TorchCheckpoint(path, archive);
            archive = null;
            return checkpoint;
        }
        catch (InvalidDataException e)
        {
            throw new PolicyException($"{path}: is a damaged zip archive ({ErrorText.FirstLine(e.Message)})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyException($"{path}: cannot be read ({ErrorText.FirstLine(e.Message)})", e);
        }
        finally
        {
            archive?.Dispose();
        }
    }

    public override void Read(string name, long firstElement, Span<byte> destination)
    {
        var view = _views[name];
        var size = view.Storage.Type.Size();
        ArgumentOutOfRangeException.ThrowIfNegative(firstElement);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstElement + destination.Length / size, _tensors[name].ElementCount);
        if (destination.IsEmpty) return;
        if (StridedView.IsContiguous(view.Shape, view.Strides))
        {
            ReadStorage(view.Storage, view.Offset + firstElement, destination);
        }
        else
        {
            var extent = StridedView.Extent(view.Shape, view.Strides) * size;
            if (extent > Array.MaxLength) throw Damaged($"holds '{name}' as a rearranged view of more than 2 GB; save its .contiguous() copy");
            var elements = new byte[extent];
            ReadStorage(view.Storage, view.Offset, elements);
            StridedView.Gather(elements, view.Shape, view.Strides, size, firstElement, destination);
        }
        if (_reverseByteOrder) view.Storage.Type.ReverseByteOrder(destination);
    }

    public override void Dispose() => _archive.Dispose();

    private string FindFolder()
    {
        var pickles = _files.Keys.Where(name => name.EndsWith($"/{PickleName}", StringComparison.Ordinal)).ToList();
        if (pickles is not [var pickle]) throw Damaged($"is a zip archive without exactly one {PickleName}: not a PyTorch checkpoint");
        var folder = pickle[..^PickleName.Length];
        if (_files.ContainsKey($"{folder}constants.pkl"))
            throw Damaged("is a TorchScript module, not a state dict; name it in config.json as a stage of \"type\": \"torchscript\"");
        return folder;
    }

    private bool IsBigEndian()
    {
        if (!_files.TryGetValue($"{_folder}byteorder", out var entry)) return false;
        var order = Encoding.ASCII.GetString(ReadWhole(entry, maximumBytes: 16));
        return order switch
        {
            "little" => false,
            "big" => true,
            _ => throw Damaged($"has byte order '{ErrorText.Bounded(order)}', expected little or big"),
        };
    }

    private Dictionary<string, object?> ReadStateDict()
    {
        var pickle = ReadWhole(_files[$"{_folder}{PickleName}"], MaximumPickleBytes);
        if (StateDictUnpickler.Read(Path, pickle) is not PickleDict { Items: var items })
            throw Damaged("does not hold a state dict; save one with torch.save(model.state_dict(), file)");
        foreach (var key in StateDictKeys)
        {
            if (items.TryGetValue(key, out var inner) && inner is PickleDict { Items: var nested }) return nested;
        }
        return items;
    }

    private void CheckStorage(string name, PickleStorage storage)
    {
        var shown = ErrorText.Bounded(name);
        if (!_files.TryGetValue(StorageFile(storage), out var entry))
            throw Damaged($"has no file {ErrorText.Bounded(StorageFile(storage))} for '{shown}'");
        // torch.save stores numbers as they are. A packed file could also unfold to any size.
        if (entry.CompressedLength != entry.Length) throw Damaged($"has packed numbers for '{shown}'; torch.save does not pack them");
        if ((Int128)storage.ElementCount * storage.Type.Size() != entry.Length)
            throw Damaged($"has {entry.Length} bytes for '{shown}', which says {storage.ElementCount} × {storage.Type.Size()}");
    }

    private string StorageFile(PickleStorage storage) => $"{_folder}data/{storage.Key}";

    private void ReadStorage(PickleStorage storage, long firstElement, Span<byte> destination)
    {
        try
        {
            using var stream = _files[StorageFile(storage)].Open();
            Skip(stream, firstElement * storage.Type.Size());
            stream.ReadExactly(destination);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new PolicyException($"{Path}: storage {ErrorText.Bounded(storage.Key)} cannot be read ({ErrorText.FirstLine(e.Message)})", e);
        }
    }

    private static void Skip(Stream stream, long count)
    {
        if (stream.CanSeek)
        {
            stream.Seek(count, SeekOrigin.Current);
            return;
        }
        Span<byte> skipped = stackalloc byte[4_096];
        while (count > 0)
        {
            var part = skipped[..(int)Math.Min(count, skipped.Length)];
            stream.ReadExactly(part);
            count -= part.Length;
        }
    }

    private byte[] ReadWhole(ZipArchiveEntry entry, long maximumBytes)
    {
        if (entry.Length > maximumBytes || entry.CompressedLength > maximumBytes)
            throw Damaged($"has {entry.Length} bytes in {ErrorText.Bounded(entry.FullName)}; at most {maximumBytes} are read");
        var bytes = new byte[entry.Length];
        using var stream = entry.Open();
        stream.ReadExactly(bytes);
        return bytes;
    }

    private PolicyException Damaged(string what) => new($"{Path}: {what}");
}
