using System.Text;
using Vla.Actors.Checkpoints.Pickling;

namespace Vla.Actors.Checkpoints;

/// <summary>Reads what <c>torch.save</c> writes: a zip with a pickle and the raw numbers.</summary>
/// <remarks>
/// A state dict, a training checkpoint that has one among other things, or a model that was saved whole
/// (<see cref="StateDictFinder"/>). Nothing in the file is executed, see <see cref="StateDictUnpickler"/>.
/// </remarks>
internal sealed class TorchCheckpoint : Checkpoint
{
    /// <summary>Far more than the names and shapes of any model take.</summary>
    private const long MaximumPickleBytes = 64 << 20;

    private const string PickleName = "data.pkl";

    private readonly TorchArchive _archive;
    private readonly string _folder;
    private readonly TorchStorages _storages;
    private readonly Dictionary<string, CheckpointTensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PickleTensor> _views = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _unreadable = new(StringComparer.Ordinal);

    private TorchCheckpoint(string path, TorchArchive archive)
        : base(path)
    {
        _archive = archive;
        _folder = FindFolder();
        _storages = new TorchStorages(
            path,
            archive,
            $"{_folder}data/",
            reverseByteOrder: IsBigEndian() == BitConverter.IsLittleEndian
        );
        var found = StateDictFinder.Find(
            path,
            StateDictUnpickler.Read(path, ReadPickle(archive, archive.Files[$"{_folder}{PickleName}"], path))
        );
        Place = found.Place;
        foreach (var (name, value) in found.Values)
        {
            if (value is PickleObject other)
                _unreadable[name] = other.Name;
            if (value is not PickleTensor view)
                continue;
            _storages.Check(name, view);
            _tensors.Add(name, new CheckpointTensor(name, view.Type, view.Shape));
            _views.Add(name, view);
        }
    }

    public override IReadOnlyDictionary<string, CheckpointTensor> Tensors => _tensors;

    public override IReadOnlyDictionary<string, string> Unreadable => _unreadable;

    public override string Place { get; }

    /// <inheritdoc cref="Checkpoint.Open"/>
    public static new TorchCheckpoint Open(string path)
    {
        TorchArchive? archive = null;
        try
        {
            archive = TorchArchive.Open(path);
            var checkpoint = new TorchCheckpoint(path, archive);
            archive = null;
            return checkpoint;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read ({ErrorText.FirstLine(e.Message)})", e);
        }
        finally
        {
            archive?.Dispose();
        }
    }

    public override void Read(string name, long firstElement, Span<byte> destination)
    {
        var view = _views[name];
        var size = view.Type.Size();
        ArgumentOutOfRangeException.ThrowIfNegative(firstElement);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            firstElement + destination.Length / size,
            _tensors[name].ElementCount
        );
        _storages.Read(name, view, firstElement, destination);
    }

    public override void Dispose() => _archive.Dispose();

    /// <summary>A pickle of an archive.</summary>
    /// <exception cref="CheckpointException">It is packed, too large or damaged.</exception>
    internal static byte[] ReadPickle(TorchArchive archive, TorchArchiveFile file, string path) =>
        file.IsPacked
            ? throw new CheckpointException(
                $"{path}: has a packed {ErrorText.Bounded(file.Name)}; torch.save does not pack it"
            )
            : archive.ReadWhole(file, MaximumPickleBytes);

    private string FindFolder()
    {
        var pickles = _archive
            .Files.Keys.Where(name => name.EndsWith($"/{PickleName}", StringComparison.Ordinal))
            .ToList();
        if (pickles is not [var pickle])
        {
            throw Damaged(
                $"is a zip archive without exactly one {PickleName}: not a PyTorch checkpoint; "
                    + $"it holds {ErrorText.List([.. _archive.Files.Keys])}"
            );
        }

        var folder = pickle[..^PickleName.Length];
        if (_archive.Files.ContainsKey($"{folder}constants.pkl"))
            throw Damaged(
                "is a TorchScript module, not a state dict; name it in config.json as a stage of \"type\": "
                    + "\"torchscript\""
            );
        return folder;
    }

    private bool IsBigEndian()
    {
        if (!_archive.Files.TryGetValue($"{_folder}byteorder", out var entry))
            return false;
        var order = Encoding.ASCII.GetString(_archive.ReadWhole(entry, maximumBytes: 16));
        return order switch
        {
            "little" => false,
            "big" => true,
            _ => throw Damaged($"has byte order '{ErrorText.Bounded(order)}', expected little or big"),
        };
    }

    private CheckpointException Damaged(string what) => new($"{Path}: {what}");
}
