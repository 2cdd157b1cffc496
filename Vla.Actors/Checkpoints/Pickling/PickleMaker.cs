namespace Vla.Actors.Checkpoints.Pickling;

/// <summary>Makes plain values of what a pickle calls.</summary>
internal sealed class PickleMaker(PickleErrors errors)
{
    private readonly List<PickleTensor> _tensors = [];

    /// <summary>Every tensor that was made, wherever it went.</summary>
    public IReadOnlyList<PickleTensor> Tensors => _tensors;

    /// <summary>What a call gives.</summary>
    public object? Call(object? callable, object? arguments)
    {
        if (arguments is not PickleTuple { Items: var items })
            throw errors.Damaged("calls without a tuple of arguments");
        return callable switch
        {
            PickleFunction.RebuildFromType => items is [_, _, PickleTuple inner, ..]
                ? Call(items[0], inner)
                : throw errors.Damaged("rebuilds nothing"),
            PickleFunction or PickleUnknown or PickleStorageClass or PickleNumberType => Make(callable, items),
            PickleObject made => new PickleObject(made.Name),
            _ => throw errors.Damaged("calls something that is not a function"),
        };
    }

    /// <summary>What a class is made into.</summary>
    public object? Make(object? callable, object?[] items)
    {
        switch (callable, items)
        {
            case (PickleFunction.Dict, []):
            case (PickleFunction.DefaultDict, [] or [_]):
                return new PickleDict();
            case (PickleFunction.Dict, [PickleList { Items: var pairs }]):
                return FromPairs(pairs);
            case (PickleFunction.Dict, [PickleDict given]):
                return given;
            case (PickleFunction.TorchSize, [PickleTuple size]):
                return size;
            case (
                PickleFunction.RebuildTensor,
                [PickleStorage { Type: { } type } storage, long offset, PickleTuple shape, PickleTuple strides, ..]
            ):
                return MakeTensor(storage, type, storage.ElementCount, offset, shape, strides);
            case (
                PickleFunction.RebuildTensorOfType,
                [
                    PickleStorage storage,
                    long offset,
                    PickleTuple shape,
                    PickleTuple strides,
                    _,
                    _,
                    PickleNumberType { Type: var type },
                    ..,
                ]
            ):
                // Counted in bytes: several types of number may lie in one storage.
                var bytes = (Int128)storage.ElementCount * (storage.Type?.Size() ?? 1);
                var there = (long)Int128.Min(bytes / type.Size(), long.MaxValue);
                return MakeTensor(storage, type, there, offset, shape, strides);
            case (PickleFunction.RebuildTensor or PickleFunction.RebuildTensorOfType, [PickleObject unreadable, ..]):
                return unreadable;
            case (PickleFunction.RebuildTensorOfType, [_, _, _, _, _, _, PickleUnknown unreadable, ..]):
                return new PickleObject(unreadable.Name);
            case (PickleFunction.RebuildParameter, [PickleTensor or PickleObject, ..]):
                return items[0];
            case (PickleUnknown unknown, _):
                return new PickleObject(unknown.Name);
            case (PickleFunction or PickleStorageClass or PickleNumberType, _):
                throw errors.Damaged($"calls {callable} with arguments that no checkpoint has");
            default:
                throw errors.Damaged("makes something of what is not a class");
        }
    }

    /// <summary>What a persistent id names: bytes outside the pickle.</summary>
    /// <remarks>Bytes of any type, or numbers of a type that is not read, are left until somebody asks.</remarks>
    public object Storage(object? id) =>
        id switch
        {
            PickleTuple
            {
                Items: [
                    "storage",
                    PickleStorageClass { Type: var type },
                    string key,
                    string,
                    long
                    and >= 0
                    and var count,
                    ..,
                ]
            } => new PickleStorage(type, key, count),
            PickleTuple { Items: ["storage", PickleUnknown { Name: var name }, string, string, long, ..] } =>
                new PickleObject(name),
            _ => throw errors.Damaged("refers to something that is not a storage"),
        };

    private PickleDict FromPairs(List<object?> pairs)
    {
        var dict = new PickleDict();
        foreach (var pair in pairs)
        {
            var (key, value) = pair switch
            {
                PickleTuple { Items: [var first, var second] } => (first, second),
                PickleList { Items: [var first, var second] } => (first, second),
                _ => throw errors.Damaged("makes a dict of what are not pairs"),
            };
            if (key is string text)
                dict.Items[text] = value;
        }

        return dict;
    }

    private PickleTensor MakeTensor(
        PickleStorage storage,
        CheckpointType type,
        long there,
        long offset,
        PickleTuple shape,
        PickleTuple strides
    )
    {
        // First: what is as long as the file can be asked for again and again.
        if (shape.Items.Length > CheckpointShape.MaximumRank)
            throw errors.Damaged($"has a tensor of {shape.Items.Length} dimensions");
        if (shape.Items.Length != strides.Items.Length)
            throw errors.Damaged($"has a tensor of {shape.Items.Length} dimensions and {strides.Items.Length} strides");
        var tensor = new PickleTensor(storage, type, offset, Numbers(shape), Numbers(strides));
        CheckTensor(tensor, there);
        _tensors.Add(tensor);
        return tensor;
    }

    private void CheckTensor(PickleTensor tensor, long there)
    {
        var (storage, _, offset, shape, strides) = tensor;
        if (offset < 0 || strides.Any(stride => stride < 0))
            throw errors.Damaged($"gives {Where()} a negative offset or stride");
        if (CheckpointShape.ElementCount(shape) is not { } count)
            throw errors.Damaged($"has {Where()}, which holds only {there} elements");
        if (count == 0)
            return;
        var last = (Int128)offset;
        for (var i = 0; i < shape.Length; i++)
            last += (Int128)(shape[i] - 1) * strides[i];
        if (last >= there)
            throw errors.Damaged($"has {Where()} that reaches element {last} of {there}");

        string Where() =>
            $"a tensor of shape {ErrorText.Bounded(CheckpointShape.Text(shape))} in storage "
            + $"{ErrorText.Bounded(storage.Key)}";
    }

    private long[] Numbers(PickleTuple tuple) =>
        [
            .. tuple.Items.Select(item =>
                item as long? ?? throw errors.Damaged("has a shape that is not made of whole numbers")
            ),
        ];
}
