namespace Vla.Actors.Checkpoints.Pickling;

// What a pickle is made of, besides text, whole numbers, fractions, true, false and None.

/// <summary>A Python tuple.</summary>
internal sealed class PickleTuple(object?[] items)
{
    public object?[] Items { get; } = items;
}

/// <summary>A Python list or set.</summary>
internal sealed class PickleList
{
    private List<object?>? _items;

    public List<object?> Items => _items ??= [];
}

/// <summary>A dict or OrderedDict. Only text keys are kept: tensors are found by name.</summary>
internal sealed class PickleDict
{
    private Dictionary<string, object?>? _items;

    // Made when there is something to hold: a pickle of one byte an empty dict shall not take a hundred.
    public Dictionary<string, object?> Items => _items ??= new(StringComparer.Ordinal);
}

/// <summary>
/// Anything else that a pickle makes: what it would be is known by name alone, and nothing of it is made or called.
/// </summary>
/// <param name="name">The class or function: <c>argparse.Namespace</c>.</param>
internal sealed class PickleObject(string name)
{
    public string Name { get; } = name;

    /// <summary>What it was given as its state, for a module the dict of its parts; null for none.</summary>
    public object? State { get; set; }

    /// <summary>What it holds under text keys, if it is a kind of dict; null when it was never given any.</summary>
    public Dictionary<string, object?>? Items { get; set; }
}

/// <summary>A function or class that the pickle names and Vla knows.</summary>
internal enum PickleFunction
{
    Dict,
    DefaultDict,
    TorchSize,
    RebuildTensor,
    RebuildTensorOfType,
    RebuildParameter,
    RebuildFromType,
}

/// <summary>A function or class that is not known here; calling it gives a <see cref="PickleObject"/>.</summary>
internal sealed record PickleUnknown(string Name);

/// <summary>A kind of number that the pickle names: <c>torch.float32</c>.</summary>
internal sealed record PickleNumberType(CheckpointType Type);

/// <summary>
/// A storage class that the pickle names, <c>torch.FloatStorage</c>, by its element type; null for bytes of any type.
/// </summary>
internal sealed record PickleStorageClass(CheckpointType? Type);

/// <summary>A run of numbers in a file of its own in the archive, which several tensors may share.</summary>
/// <param name="Type">The kind of number; null while it is bytes of any type.</param>
/// <param name="Key">The file's name under <c>data/</c>.</param>
/// <param name="ElementCount">How many numbers.</param>
internal sealed record PickleStorage(CheckpointType? Type, string Key, long ElementCount);

/// <summary>
/// A view of a storage: element [i, j, …] lies at offset + i·stride₀ + j·stride₁ + …, all in elements.
/// </summary>
internal sealed record PickleTensor(
    PickleStorage Storage,
    CheckpointType Type,
    long Offset,
    long[] Shape,
    long[] Strides
);
