namespace Vla.Actors.Checkpoints;

// What a state dict's pickle is made of, besides text, whole numbers, fractions, true, false and None.

/// <summary>A Python tuple.</summary>
internal sealed record PickleTuple(object?[] Items);

/// <summary>A Python list.</summary>
internal sealed record PickleList(List<object?> Items);

/// <summary>A dict or OrderedDict. Only text keys are kept: tensors are found by name.</summary>
internal sealed record PickleDict(Dictionary<string, object?> Items);

/// <summary>A function or class that the pickle names; every one that is not known here has been refused.</summary>
internal enum PickleGlobal
{
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
}

/// <summary>A storage class that the pickle names, <c>torch.FloatStorage</c>, by its element type.</summary>
internal sealed record PickleStorageClass(CheckpointType Type);

/// <summary>A run of numbers in a file of its own in the archive, which several tensors may share.</summary>
/// <param name="Type">The kind of number.</param>
/// <param name="Key">The file's name under <c>data/</c>.</param>
/// <param name="ElementCount">How many numbers.</param>
internal sealed record PickleStorage(CheckpointType Type, string Key, long ElementCount);

/// <summary>A view of a storage: element [i, j, …] lies at offset + i·stride₀ + j·stride₁ + …, all in elements.</summary>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Shape, long[] Strides);
