namespace Vla.Actors.Checkpoints.Pickling;

/// <summary>Reads the pickle inside a PyTorch checkpoint without executing anything.</summary>
/// <remarks>
/// A pickle is a program for a stack machine, and Python's own reader calls any function that it names. This one has no
/// way to call anything: the few names that make tensors and dicts become plain values, any other name a
/// <see cref="PickleObject"/> that does nothing. A pickle that names a way into the machine is refused all the same.
/// </remarks>
internal sealed class StateDictUnpickler
{
    private const int MaximumProtocol = 5;

    /// <summary>No value of any pickle.</summary>
    private static readonly object NoValue = new();

    private readonly PickleErrors _errors;
    private readonly PickleBytes _bytes;
    private readonly PickleStack _stack;
    private readonly PickleMaker _maker;

    private StateDictUnpickler(string path, ReadOnlyMemory<byte> pickle)
    {
        _errors = new PickleErrors(path);
        _bytes = new PickleBytes(pickle, _errors);
        _stack = new PickleStack(_errors);
        _maker = new PickleMaker(_errors);
    }

    /// <param name="path">Named in errors.</param>
    /// <param name="pickle">The content of the archive's <c>data.pkl</c>.</param>
    /// <returns>The pickled value; for a state dict a <see cref="PickleDict"/> of
    /// <see cref="PickleTensor"/>s.</returns>
    /// <exception cref="CheckpointException">The pickle is damaged or asks for what no checkpoint needs.</exception>
    public static object? Read(string path, ReadOnlyMemory<byte> pickle) => Read(path, pickle, out _, out _);

    /// <param name="path">Named in errors.</param>
    /// <param name="pickle">Begins with a pickle.</param>
    /// <param name="tensors">Every tensor that was made, wherever it went.</param>
    /// <param name="length">Bytes that the pickle takes.</param>
    /// <exception cref="CheckpointException">The pickle is damaged or asks for what no checkpoint needs.</exception>
    public static object? Read(
        string path,
        ReadOnlyMemory<byte> pickle,
        out IReadOnlyList<PickleTensor> tensors,
        out int length
    )
    {
        var reader = new StateDictUnpickler(path, pickle);
        var value = reader.Run();
        (tensors, length) = (reader._maker.Tensors, reader._bytes.Position);
        return value;
    }

    private object? Run()
    {
        while (true)
        {
            var opcode = (PickleOpcode)_bytes.Byte();
            if (opcode == PickleOpcode.Stop)
                return _stack.Pop();
            var value = Value(opcode);
            if (!ReferenceEquals(value, NoValue))
                _stack.Push(value);
            else if (!Change(opcode))
                throw _errors.Refused(
                    $"its pickle has opcode 0x{(byte)opcode:x2} at byte {_bytes.Position - 1}, which no checkpoint "
                        + "needs"
                );
        }
    }

    /// <summary>What an opcode pushes; <see cref="NoValue"/> for one that pushes nothing.</summary>
    private object? Value(PickleOpcode opcode) =>
        opcode switch
        {
            PickleOpcode.None => null,
            PickleOpcode.True => true,
            PickleOpcode.False => false,
            PickleOpcode.BinInt1 => (long)_bytes.Byte(),
            PickleOpcode.BinInt2 => (long)_bytes.UInt16(),
            PickleOpcode.BinInt => (long)_bytes.Int32(),
            PickleOpcode.Long1 => _bytes.WholeNumber(_bytes.Byte()),
            PickleOpcode.Long4 => _bytes.WholeNumber(_bytes.UInt32()),
            PickleOpcode.Int or PickleOpcode.Long => _bytes.Decimal(),
            PickleOpcode.BinFloat => _bytes.Double(),
            PickleOpcode.Float => _bytes.Fraction(),
            PickleOpcode.BinUnicode or PickleOpcode.BinString => _bytes.Text(_bytes.UInt32()),
            PickleOpcode.ShortBinUnicode or PickleOpcode.ShortBinString => _bytes.Text(_bytes.Byte()),
            PickleOpcode.BinUnicode8 => _bytes.Text(_bytes.UInt64()),
            PickleOpcode.Unicode or PickleOpcode.String => _bytes.Line(),
            PickleOpcode.ShortBinBytes => _bytes.Skip(_bytes.Byte()),
            PickleOpcode.BinBytes => _bytes.Skip(_bytes.UInt32()),
            PickleOpcode.BinBytes8 or PickleOpcode.ByteArray8 => _bytes.Skip(_bytes.UInt64()),

            PickleOpcode.EmptyTuple => new PickleTuple([]),
            PickleOpcode.Tuple1 => new PickleTuple(_stack.Pop(1)),
            PickleOpcode.Tuple2 => new PickleTuple(_stack.Pop(2)),
            PickleOpcode.Tuple3 => new PickleTuple(_stack.Pop(3)),
            PickleOpcode.Tuple or PickleOpcode.FrozenSet => new PickleTuple(_stack.PopToMark()),
            PickleOpcode.EmptyList or PickleOpcode.EmptySet => new PickleList(),
            PickleOpcode.List => With(new PickleList(), _stack.PopToMark(), Append),
            PickleOpcode.EmptyDict => new PickleDict(),
            PickleOpcode.Dict => With(new PickleDict(), _stack.PopToMark(), SetItems),
            PickleOpcode.Dup => _stack.Peek(),

            PickleOpcode.Global => PickleNames.Resolve(_bytes.Line(), _bytes.Line(), _errors),
            PickleOpcode.StackGlobal => Named(_stack.Pop(2)),
            PickleOpcode.Inst => _maker.Make(
                PickleNames.Resolve(_bytes.Line(), _bytes.Line(), _errors),
                _stack.PopToMark()
            ),
            PickleOpcode.Obj => Instance(_stack.PopToMark()),
            PickleOpcode.NewObj => _maker.Make(_stack.Pop(2)[0], []),
            PickleOpcode.NewObjEx => _maker.Make(_stack.Pop(3)[0], []),
            PickleOpcode.BinPersistentId => _maker.Storage(_stack.Pop()),
            PickleOpcode.Reduce => Result(_stack.Pop(2)),
            _ => NoValue,
        };

    /// <summary>Does what an opcode says that pushes nothing new; false for one that is not known.</summary>
    private bool Change(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Protocol:
                CheckProtocol(_bytes.Byte());
                return true;
            case PickleOpcode.Frame: // how far the writer buffered
                _bytes.UInt64();
                return true;
            case PickleOpcode.Mark:
                _stack.Mark();
                return true;
            case PickleOpcode.Append:
                Append(_stack.Pop(1), _stack.Peek());
                return true;
            case PickleOpcode.Appends or PickleOpcode.AddItems:
                Append(_stack.PopToMark(), _stack.Peek());
                return true;
            case PickleOpcode.SetItem:
                SetItems(_stack.Pop(2), _stack.Peek());
                return true;
            case PickleOpcode.SetItems:
                SetItems(_stack.PopToMark(), _stack.Peek());
                return true;
            case PickleOpcode.Pop:
                _stack.Drop();
                return true;
            case PickleOpcode.PopMark:
                _stack.PopToMark();
                return true;
            case PickleOpcode.BinPut:
                _stack.Store(_bytes.Byte());
                return true;
            case PickleOpcode.LongBinPut:
                _stack.Store(_bytes.UInt32());
                return true;
            case PickleOpcode.Put:
                _stack.Store(_bytes.Decimal() ?? -1);
                return true;
            case PickleOpcode.Memoize:
                _stack.Store(_stack.Stored);
                return true;
            case PickleOpcode.BinGet:
                _stack.Recall(_bytes.Byte());
                return true;
            case PickleOpcode.LongBinGet:
                _stack.Recall(_bytes.UInt32());
                return true;
            case PickleOpcode.Get:
                _stack.Recall(_bytes.Decimal() ?? -1);
                return true;
            case PickleOpcode.Build:
                Build(_stack.Pop(), _stack.Peek());
                return true;
            default:
                return false;
        }
    }

    private static object With(object collection, object?[] items, Action<object?[], object?> fill)
    {
        fill(items, collection);
        return collection;
    }

    private object Named(object?[] names) => PickleNames.Resolve(Text(names[0]), Text(names[1]), _errors);

    private object? Instance(object?[] parts) => _maker.Make(parts.FirstOrDefault(), parts);

    private object? Result(object?[] call) => _maker.Call(call[0], call[1]);

    private void Append(object?[] items, object? target)
    {
        switch (target)
        {
            case PickleList list:
                list.Items.AddRange(items);
                break;
            case PickleObject:
                break; // a class made after a list
            default:
                throw _errors.Damaged("appends to something that is not a list");
        }
    }

    private void SetItems(object?[] items, object? target)
    {
        if (items.Length % 2 != 0)
            throw _errors.Damaged("sets items of something that is not a dict");
        var into = target switch
        {
            PickleDict dict => dict.Items,
            PickleObject made => made.Items ??= new(StringComparer.Ordinal),
            _ => throw _errors.Damaged("sets items of something that is not a dict"),
        };
        for (var i = 0; i < items.Length; i += 2)
        {
            if (items[i] is string key)
                into[key] = items[i + 1];
        }
    }

    // The state of a dict is its version notes, which carry no weights.
    private static void Build(object? state, object? target)
    {
        if (target is PickleObject made)
            made.State = state;
    }

    private string Text(object? value) =>
        value as string ?? throw _errors.Damaged("names a function by something that is not text");

    private void CheckProtocol(byte protocol)
    {
        if (protocol is < 2 or > MaximumProtocol)
            throw _errors.Refused($"its pickle is of protocol {protocol}; read are 2 to {MaximumProtocol}");
    }
}
