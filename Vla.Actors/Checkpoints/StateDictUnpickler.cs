using System.Buffers.Binary;
using System.Text;
using Vla.Actors.Policies;

namespace Vla.Actors.Checkpoints;

/// <summary>Reads the pickle inside a PyTorch checkpoint, as far as a state dict needs it, and refuses all else by name.</summary>
/// <remarks>
/// A pickle is a program for a stack machine, and Python's own reader calls any function that it names. This one has no
/// way to call anything: the few names that a state dict contains become plain records, any other name ends the reading.
/// Opcodes: <see href="https://github.com/python/cpython/blob/main/Lib/pickletools.py"/>, protocols 2 to 5.
/// </remarks>
internal sealed class StateDictUnpickler
{
    private const int MaximumProtocol = 5;

    private readonly string _path;
    private readonly byte[] _pickle;
    private readonly List<object?> _stack = [];

    /// <summary>Stack heights at each open MARK: the values above belong together.</summary>
    private readonly Stack<int> _marks = [];
    private readonly Dictionary<long, object?> _memo = [];
    private int _position;

    private StateDictUnpickler(string path, byte[] pickle)
    {
        _path = path;
        _pickle = pickle;
    }

    /// <param name="path">Named in errors.</param>
    /// <param name="pickle">The content of the archive's <c>data.pkl</c>.</param>
    /// <returns>The pickled value; for a state dict a <see cref="PickleDict"/> of <see cref="PickleTensor"/>s.</returns>
    /// <exception cref="PolicyException">The pickle is damaged or wants more than a state dict needs.</exception>
    public static object? Read(string path, byte[] pickle) => new StateDictUnpickler(path, pickle).Run();

    private object? Run()
    {
        while (true)
        {
            var opcode = TakeByte();
            switch (opcode)
            {
                case 0x80: CheckProtocol(TakeByte()); break; // PROTO
                case 0x95: Take(8); break; // FRAME: how far the writer buffered
                case (byte)'.': return Pop(); // STOP

                case (byte)'N': Push(null); break; // NONE
                case 0x88: Push(true); break; // NEWTRUE
                case 0x89: Push(false); break; // NEWFALSE
                case (byte)'K': Push((long)TakeByte()); break; // BININT1
                case (byte)'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break; // BININT2
                case (byte)'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break; // BININT
                case 0x8a: Push(ReadLong(Take(TakeByte()))); break; // LONG1
                case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break; // BINFLOAT
                case (byte)'X': Push(TakeText(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break; // BINUNICODE
                case 0x8c: Push(TakeText(TakeByte())); break; // SHORT_BINUNICODE
                case 0x8d: Push(TakeText(BinaryPrimitives.ReadUInt64LittleEndian(Take(8)))); break; // BINUNICODE8

                case (byte)'(': _marks.Push(_stack.Count); break; // MARK
                case (byte)')': Push(new PickleTuple([])); break; // EMPTY_TUPLE
                case 0x85: Push(new PickleTuple(PopMany(1))); break; // TUPLE1
                case 0x86: Push(new PickleTuple(PopMany(2))); break; // TUPLE2
                case 0x87: Push(new PickleTuple(PopMany(3))); break; // TUPLE3
                case (byte)'t': Push(new PickleTuple(PopToMark())); break; // TUPLE
                case (byte)']': Push(new PickleList([])); break; // EMPTY_LIST
                case (byte)'a': Append([Pop()]); break; // APPEND
                case (byte)'e': Append(PopToMark()); break; // APPENDS
                case (byte)'}': Push(new PickleDict([])); break; // EMPTY_DICT
                case (byte)'s': SetItems(PopMany(2)); break; // SETITEM
                case (byte)'u': SetItems(PopToMark()); break; // SETITEMS

                case (byte)'q': Memoize(TakeByte()); break; // BINPUT
                case (byte)'r': Memoize(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break; // LONG_BINPUT
                case 0x94: Memoize(_memo.Count); break; // MEMOIZE
                case (byte)'h': Recall(TakeByte()); break; // BINGET
                case (byte)'j': Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))); break; // LONG_BINGET

                case (byte)'c': Push(Resolve(TakeLine(), TakeLine())); break; // GLOBAL
                case 0x93: var names = PopMany(2); Push(Resolve(Text(names[0]), Text(names[1]))); break; // STACK_GLOBAL
                case (byte)'Q': Push(ReadStorage(Pop())); break; // BINPERSID
                case (byte)'R': var call = PopMany(2); Push(Build(call[0], call[1])); break; // REDUCE
                case (byte)'b': Pop(); break; // BUILD: a state dict's version notes, which carry no weights

                default:
                    throw Refused($"its pickle has opcode 0x{opcode:x2} at byte {_position - 1}, which no state dict needs");
            }
        }
    }

    private object Resolve(string module, string name) => (module, name) switch
    {
        ("collections", "OrderedDict") => PickleGlobal.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2") => PickleGlobal.RebuildTensor,
        ("torch._utils", "_rebuild_parameter") => PickleGlobal.RebuildParameter,
        ("torch", "FloatStorage") => new PickleStorageClass(CheckpointType.F32),
        ("torch", "HalfStorage") => new PickleStorageClass(CheckpointType.F16),
        ("torch", "BFloat16Storage") => new PickleStorageClass(CheckpointType.BF16),
        ("torch", "DoubleStorage") => new PickleStorageClass(CheckpointType.F64),
        ("torch", "LongStorage") => new PickleStorageClass(CheckpointType.I64),
        ("torch", "IntStorage") => new PickleStorageClass(CheckpointType.I32),
        ("torch", "ByteStorage") => new PickleStorageClass(CheckpointType.U8),
        ("torch", "BoolStorage") => new PickleStorageClass(CheckpointType.Bool),
        _ => throw Refused($"its pickle asks for '{ErrorText.Bounded($"{module}.{name}")}'; nothing beyond a state dict is read, "
            + "save one with torch.save(model.state_dict(), file)"),
    };

    private object Build(object? callable, object? arguments)
    {
        if (arguments is not PickleTuple { Items: var items }) throw Damaged("calls without a tuple of arguments");
        switch (callable, items)
        {
            case (PickleGlobal.OrderedDict, []):
                return new PickleDict([]);
            case (PickleGlobal.RebuildTensor, [PickleStorage storage, long offset, PickleTuple shape, PickleTuple strides, ..]):
                return CheckTensor(new PickleTensor(storage, offset, Numbers(shape), Numbers(strides)));
            case (PickleGlobal.RebuildParameter, [PickleTensor tensor, ..]):
                return tensor;
            case (PickleGlobal or PickleStorageClass, _):
                throw Damaged($"calls {callable} with arguments that no state dict has");
            default:
                throw Damaged("calls something that is not a function");
        }
    }

    private PickleStorage ReadStorage(object? id) => id is PickleTuple
    {
        Items: ["storage", PickleStorageClass { Type: var type }, string key, string, long and >= 0 and var count],
    }
        ? new PickleStorage(type, key, count)
        : throw Damaged("refers to something that is not a storage");

    private PickleTensor CheckTensor(PickleTensor tensor)
    {
        var (storage, offset, shape, strides) = tensor;
        var where = $"a tensor of shape {ErrorText.Bounded(CheckpointShape.Text(shape))} in storage {ErrorText.Bounded(storage.Key)}";
        if (shape.Length != strides.Length) throw Damaged($"gives {where} {strides.Length} strides");
        if (shape.Length > CheckpointShape.MaximumRank) throw Damaged($"has a tensor of {shape.Length} dimensions");
        if (offset < 0 || strides.Any(stride => stride < 0)) throw Damaged($"gives {where} a negative offset or stride");
        // A view larger than its storage repeats elements; it would let a small file ask for any amount of memory.
        if (CheckpointShape.ElementCount(shape) is not { } count || count > storage.ElementCount)
            throw Damaged($"has {where}, which holds only {storage.ElementCount} elements");
        if (count == 0) return tensor;
        var last = (Int128)offset;
        for (var i = 0; i < shape.Length; i++) last += (Int128)(shape[i] - 1) * strides[i];
        if (last >= storage.ElementCount)
            throw Damaged($"has {where} that reaches element {last} of {storage.ElementCount}");
        return tensor;
    }

    private long[] Numbers(PickleTuple tuple)
        => [.. tuple.Items.Select(item => item as long? ?? throw Damaged("has a shape that is not made of whole numbers"))];

    private void Append(object?[] items)
    {
        if (Peek() is not PickleList list) throw Damaged("appends to something that is not a list");
        list.Items.AddRange(items);
    }

    private void SetItems(object?[] items)
    {
        if (Peek() is not PickleDict dict || items.Length % 2 != 0) throw Damaged("sets items of something that is not a dict");
        for (var i = 0; i < items.Length; i += 2)
        {
            if (items[i] is string key) dict.Items[key] = items[i + 1];
        }
    }

    private void Memoize(long index) => _memo[index] = Peek();

    private void Recall(long index)
        => Push(_memo.TryGetValue(index, out var value) ? value : throw Damaged($"recalls value {index}, which it never stored"));

    /// <summary>Values below this belong to a group that is still open.</summary>
    private int Floor => _marks.TryPeek(out var mark) ? mark : 0;

    private void Push(object? value) => _stack.Add(value);

    private object? Peek() => _stack.Count > Floor ? _stack[^1] : throw Damaged("takes a value where there is none");

    private object? Pop() => PopMany(1)[0];

    private object?[] PopMany(int count)
    {
        var first = _stack.Count - count;
        if (first < Floor) throw Damaged("takes a value where there is none");
        var values = _stack.GetRange(first, count).ToArray();
        _stack.RemoveRange(first, count);
        return values;
    }

    private object?[] PopToMark()
    {
        if (!_marks.TryPeek(out var mark)) throw Damaged("closes a group that it never opened");
        var values = PopMany(_stack.Count - mark);
        _marks.Pop();
        return values;
    }

    private byte TakeByte() => Take(1)[0];

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _pickle.Length - _position) throw Damaged("is cut off");
        var taken = _pickle.AsSpan(_position, count);
        _position += count;
        return taken;
    }

    private string TakeText(ulong length)
        => length <= (ulong)_pickle.Length ? Encoding.UTF8.GetString(Take((int)length)) : throw Damaged("is cut off");

    private string TakeLine()
    {
        var length = _pickle.AsSpan(_position).IndexOf((byte)'\n');
        if (length < 0) throw Damaged("is cut off");
        var line = Encoding.UTF8.GetString(Take(length));
        Take(1);
        return line;
    }

    private long ReadLong(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > sizeof(long)) throw Damaged("has a whole number of more than 64 bits");
        var value = 0L;
        for (var i = 0; i < bytes.Length; i++) value |= (long)bytes[i] << (8 * i);
        var unused = 64 - 8 * bytes.Length;
        return unused is 0 or 64 ? value : value << unused >> unused;
    }

    private string Text(object? value) => value as string ?? throw Damaged("names a function by something that is not text");

    private void CheckProtocol(byte protocol)
    {
        if (protocol is < 2 or > MaximumProtocol) throw Refused($"its pickle is of protocol {protocol}; read are 2 to {MaximumProtocol}");
    }

    private PolicyException Damaged(string what) => new($"{_path}: its pickle {what}; the file is damaged");

    private PolicyException Refused(string what) => new($"{_path}: {what}");
}
