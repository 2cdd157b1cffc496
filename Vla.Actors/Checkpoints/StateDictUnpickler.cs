using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Vla.Actors.Checkpoints;

/// <summary>Reads the pickle inside a PyTorch checkpoint without executing anything.</summary>
/// <remarks>
/// <para>
/// A pickle is a program for a stack machine, and Python's own reader calls any function that it names. This one has no
/// way to call anything: the few names that make tensors and dicts become plain values, any other name a
/// <see cref="PickleObject"/> that does nothing, for training scripts put settings, counters and whole objects beside
/// the weights. A pickle that names a way into the machine is refused all the same: no training script writes that.
/// </para>
/// <para>
/// An opcode of one byte can ask for a hundred bytes of memory, so the number of values is bounded. Values hold each
/// other, also in circles: whoever follows them counts how deep.
/// Opcodes: <see href="https://github.com/python/cpython/blob/main/Lib/pickletools.py"/>, protocols 2 to 5.
/// </para>
/// </remarks>
internal sealed class StateDictUnpickler
{
    private const int MaximumProtocol = 5;

    /// <summary>A tensor takes about 25; the largest models have some ten thousand tensors.</summary>
    private const int MaximumValues = 2_000_000;

    /// <summary>Modules that only an attack names.</summary>
    private static readonly HashSet<string> WaysIntoTheMachine = new(StringComparer.Ordinal)
    {
        "os",
        "posix",
        "nt",
        "sys",
        "subprocess",
        "shutil",
        "socket",
        "runpy",
        "pty",
        "platform",
        "importlib",
        "ctypes",
        "commands",
        "webbrowser",
        "pip",
        "code",
        "pdb",
        "bdb",
        "timeit",
        "asyncio",
        "multiprocessing",
        "threading",
        "signal",
        "requests",
        "urllib",
        "httplib",
    };

    private static readonly HashSet<string> DangerousBuiltins = new(StringComparer.Ordinal)
    {
        "eval",
        "exec",
        "execfile",
        "compile",
        "open",
        "__import__",
        "getattr",
        "setattr",
        "delattr",
        "globals",
        "locals",
        "vars",
        "apply",
        "breakpoint",
        "input",
        "map",
        "filter",
    };

    private readonly string _path;
    private readonly ReadOnlyMemory<byte> _pickle;
    private readonly List<object?> _stack = [];

    /// <summary>Stack heights at each open MARK: the values above belong together.</summary>
    private readonly Stack<int> _marks = [];
    private readonly Dictionary<long, object?> _memo = [];
    private readonly List<PickleTensor> _tensors = [];
    private int _values;
    private int _position;

    private StateDictUnpickler(string path, ReadOnlyMemory<byte> pickle)
    {
        _path = path;
        _pickle = pickle;
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
        (tensors, length) = (reader._tensors, reader._position);
        return value;
    }

    private object? Run()
    {
        while (true)
        {
            var opcode = TakeByte();
            switch (opcode)
            {
                case 0x80:
                    CheckProtocol(TakeByte());
                    break; // PROTO
                case 0x95:
                    Take(8);
                    break; // FRAME: how far the writer buffered
                case (byte)'.':
                    return Pop(); // STOP

                case (byte)'N':
                    Push(null);
                    break; // NONE
                case 0x88:
                    Push(true);
                    break; // NEWTRUE
                case 0x89:
                    Push(false);
                    break; // NEWFALSE
                case (byte)'K':
                    Push((long)TakeByte());
                    break; // BININT1
                case (byte)'M':
                    Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                    break; // BININT2
                case (byte)'J':
                    Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                    break; // BININT
                case 0x8a:
                    Push(ReadLong(Take(TakeByte())));
                    break; // LONG1
                case 0x8b:
                    Push(ReadLong(Take(TakeLength(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))))));
                    break; // LONG4
                case (byte)'I' or (byte)'L':
                    Push(ReadDecimal(TakeLine()));
                    break; // INT, LONG
                case (byte)'G':
                    Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                    break; // BINFLOAT
                case (byte)'F':
                    TakeLine();
                    Push(0.0);
                    break; // FLOAT: nothing that is kept is one
                case (byte)'X':
                    Push(TakeText(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
                    break; // BINUNICODE
                case 0x8c:
                    Push(TakeText(TakeByte()));
                    break; // SHORT_BINUNICODE
                case 0x8d:
                    Push(TakeText(BinaryPrimitives.ReadUInt64LittleEndian(Take(8))));
                    break; // BINUNICODE8
                case (byte)'V' or (byte)'S':
                    Push(TakeLine());
                    break; // UNICODE, STRING
                case (byte)'U':
                    Push(TakeText(TakeByte()));
                    break; // SHORT_BINSTRING
                case (byte)'T':
                    Push(TakeText(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
                    break; // BINSTRING
                case (byte)'C':
                    Skip(TakeByte());
                    break; // SHORT_BINBYTES
                case (byte)'B':
                    Skip(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
                    break; // BINBYTES
                case 0x8e or 0x96:
                    Skip(BinaryPrimitives.ReadUInt64LittleEndian(Take(8)));
                    break; // BINBYTES8, BYTEARRAY8

                case (byte)'(':
                    Count();
                    _marks.Push(_stack.Count);
                    break; // MARK
                case (byte)')':
                    Push(new PickleTuple([]));
                    break; // EMPTY_TUPLE
                case 0x85:
                    Push(new PickleTuple(PopMany(1)));
                    break; // TUPLE1
                case 0x86:
                    Push(new PickleTuple(PopMany(2)));
                    break; // TUPLE2
                case 0x87:
                    Push(new PickleTuple(PopMany(3)));
                    break; // TUPLE3
                case (byte)'t' or 0x91:
                    Push(new PickleTuple(PopToMark()));
                    break; // TUPLE, FROZENSET
                case (byte)']' or 0x8f:
                    Push(new PickleList());
                    break; // EMPTY_LIST, EMPTY_SET
                case (byte)'l':
                    var list = PopToMark();
                    Push(new PickleList());
                    Append(list);
                    break; // LIST
                case (byte)'a':
                    Append(PopMany(1));
                    break; // APPEND
                case (byte)'e' or 0x90:
                    Append(PopToMark());
                    break; // APPENDS, ADDITEMS
                case (byte)'}':
                    Push(new PickleDict());
                    break; // EMPTY_DICT
                case (byte)'d':
                    var dict = PopToMark();
                    Push(new PickleDict());
                    SetItems(dict);
                    break; // DICT
                case (byte)'s':
                    SetItems(PopMany(2));
                    break; // SETITEM
                case (byte)'u':
                    SetItems(PopToMark());
                    break; // SETITEMS

                case (byte)'0':
                    DropTop();
                    break; // POP
                case (byte)'1':
                    PopToMark();
                    break; // POP_MARK
                case (byte)'2':
                    Push(Peek());
                    break; // DUP

                case (byte)'q':
                    Memoize(TakeByte());
                    break; // BINPUT
                case (byte)'r':
                    Memoize(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
                    break; // LONG_BINPUT
                case (byte)'p':
                    Memoize(ReadDecimal(TakeLine()) ?? -1);
                    break; // PUT
                case 0x94:
                    Memoize(_memo.Count);
                    break; // MEMOIZE
                case (byte)'h':
                    Recall(TakeByte());
                    break; // BINGET
                case (byte)'j':
                    Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
                    break; // LONG_BINGET
                case (byte)'g':
                    Recall(ReadDecimal(TakeLine()) ?? -1);
                    break; // GET

                case (byte)'c':
                    Push(Resolve(TakeLine(), TakeLine()));
                    break; // GLOBAL
                case 0x93:
                    var names = PopMany(2);
                    Push(Resolve(Text(names[0]), Text(names[1])));
                    break; // STACK_GLOBAL
                case (byte)'i':
                    var made = Resolve(TakeLine(), TakeLine());
                    Push(Make(made, PopToMark()));
                    break; // INST
                case (byte)'o':
                    var parts = PopToMark();
                    Push(Make(parts.FirstOrDefault(), parts));
                    break; // OBJ
                case 0x81:
                    var instance = PopMany(2);
                    Push(Make(instance[0], []));
                    break; // NEWOBJ
                case 0x92:
                    var withKeys = PopMany(3);
                    Push(Make(withKeys[0], []));
                    break; // NEWOBJ_EX
                case (byte)'Q':
                    Push(ReadStorage(Pop()));
                    break; // BINPERSID
                case (byte)'R':
                    var call = PopMany(2);
                    Push(Call(call[0], call[1]));
                    break; // REDUCE
                case (byte)'b':
                    var state = Pop();
                    Build(state);
                    break; // BUILD

                default:
                    throw Refused(
                        $"its pickle has opcode 0x{opcode:x2} at byte {_position - 1}, which no checkpoint needs"
                    );
            }
        }
    }

    private object Resolve(string module, string name) =>
        (module, name) switch
        {
            ("collections", "OrderedDict") or ("builtins", "dict") or ("__builtin__", "dict") => PickleFunction.Dict,
            ("collections", "defaultdict") => PickleFunction.DefaultDict,
            ("torch", "Size") => PickleFunction.TorchSize,
            ("torch._utils", "_rebuild_tensor" or "_rebuild_tensor_v2") => PickleFunction.RebuildTensor,
            ("torch._utils", "_rebuild_tensor_v3") => PickleFunction.RebuildTensorOfType,
            ("torch._utils", "_rebuild_parameter" or "_rebuild_parameter_with_state") =>
                PickleFunction.RebuildParameter,
            ("torch._tensor", "_rebuild_from_type_v2") => PickleFunction.RebuildFromType,
            ("torch", "FloatStorage") => new PickleStorageClass(CheckpointType.F32),
            ("torch", "HalfStorage") => new PickleStorageClass(CheckpointType.F16),
            ("torch", "BFloat16Storage") => new PickleStorageClass(CheckpointType.BF16),
            ("torch", "DoubleStorage") => new PickleStorageClass(CheckpointType.F64),
            ("torch", "LongStorage") => new PickleStorageClass(CheckpointType.I64),
            ("torch", "IntStorage") => new PickleStorageClass(CheckpointType.I32),
            ("torch", "ByteStorage") => new PickleStorageClass(CheckpointType.U8),
            ("torch", "BoolStorage") => new PickleStorageClass(CheckpointType.Bool),
            ("torch.storage" or "torch", "UntypedStorage") => new PickleStorageClass(null),
            ("torch", "float32") => new PickleNumberType(CheckpointType.F32),
            ("torch", "float16") => new PickleNumberType(CheckpointType.F16),
            ("torch", "bfloat16") => new PickleNumberType(CheckpointType.BF16),
            ("torch", "float64") => new PickleNumberType(CheckpointType.F64),
            ("torch", "int64") => new PickleNumberType(CheckpointType.I64),
            ("torch", "int32") => new PickleNumberType(CheckpointType.I32),
            ("torch", "uint8") => new PickleNumberType(CheckpointType.U8),
            ("torch", "bool") => new PickleNumberType(CheckpointType.Bool),
            _ when WaysIntoTheMachine.Contains(module.Split('.')[0])
                    || (module is "builtins" or "__builtin__" && DangerousBuiltins.Contains(name)) => throw Refused(
                $"its pickle asks for '{ErrorText.Bounded($"{module}.{name}")}', which no checkpoint needs: it may "
                    + "be an attack, do not load it in Python"
            ),
            _ => new PickleUnknown(ErrorText.Bounded($"{module}.{name}")),
        };

    private object? Call(object? callable, object? arguments)
    {
        if (arguments is not PickleTuple { Items: var items })
            throw Damaged("calls without a tuple of arguments");
        return callable switch
        {
            PickleFunction.RebuildFromType => items is [_, _, PickleTuple inner, ..]
                ? Call(items[0], inner)
                : throw Damaged("rebuilds nothing"),
            PickleFunction or PickleUnknown or PickleStorageClass or PickleNumberType => Make(callable, items),
            PickleObject made => new PickleObject(made.Name),
            _ => throw Damaged("calls something that is not a function"),
        };
    }

    private object? Make(object? callable, object?[] items)
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
                return MakeTensor(
                    storage,
                    type,
                    (long)Int128.Min(bytes / type.Size(), long.MaxValue),
                    offset,
                    shape,
                    strides
                );
            case (PickleFunction.RebuildTensor or PickleFunction.RebuildTensorOfType, [PickleObject unreadable, ..]):
                return unreadable;
            case (PickleFunction.RebuildTensorOfType, [_, _, _, _, _, _, PickleUnknown unreadable, ..]):
                return new PickleObject(unreadable.Name);
            case (PickleFunction.RebuildParameter, [PickleTensor or PickleObject, ..]):
                return items[0];
            case (PickleUnknown unknown, _):
                return new PickleObject(unknown.Name);
            case (PickleFunction or PickleStorageClass or PickleNumberType, _):
                throw Damaged($"calls {callable} with arguments that no checkpoint has");
            default:
                throw Damaged("makes something of what is not a class");
        }
    }

    private PickleDict FromPairs(List<object?> pairs)
    {
        var dict = new PickleDict();
        foreach (var pair in pairs)
        {
            var (key, value) = pair switch
            {
                PickleTuple { Items: [var first, var second] } => (first, second),
                PickleList { Items: [var first, var second] } => (first, second),
                _ => throw Damaged("makes a dict of what are not pairs"),
            };
            if (key is string text)
                dict.Items[text] = value;
        }

        return dict;
    }

    // Bytes of any type, or numbers of a type that is not read, are left until somebody asks for them.
    private object ReadStorage(object? id) =>
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
            _ => throw Damaged("refers to something that is not a storage"),
        };

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
            throw Damaged($"has a tensor of {shape.Items.Length} dimensions");
        if (shape.Items.Length != strides.Items.Length)
            throw Damaged($"has a tensor of {shape.Items.Length} dimensions and {strides.Items.Length} strides");
        var tensor = new PickleTensor(storage, type, offset, Numbers(shape), Numbers(strides));
        CheckTensor(tensor, there);
        _tensors.Add(tensor);
        return tensor;
    }

    private void CheckTensor(PickleTensor tensor, long there)
    {
        var (storage, _, offset, shape, strides) = tensor;
        if (offset < 0 || strides.Any(stride => stride < 0))
            throw Damaged($"gives {Where()} a negative offset or stride");
        if (CheckpointShape.ElementCount(shape) is not { } count)
            throw Damaged($"has {Where()}, which holds only {there} elements");
        if (count == 0)
            return;
        var last = (Int128)offset;
        for (var i = 0; i < shape.Length; i++)
            last += (Int128)(shape[i] - 1) * strides[i];
        if (last >= there)
            throw Damaged($"has {Where()} that reaches element {last} of {there}");

        string Where() =>
            $"a tensor of shape {ErrorText.Bounded(CheckpointShape.Text(shape))} in storage "
            + $"{ErrorText.Bounded(storage.Key)}";
    }

    private long[] Numbers(PickleTuple tuple) =>
        [
            .. tuple.Items.Select(item =>
                item as long? ?? throw Damaged("has a shape that is not made of whole numbers")
            ),
        ];

    private void Append(object?[] items)
    {
        switch (Peek())
        {
            case PickleList list:
                list.Items.AddRange(items);
                break;
            case PickleObject:
                break; // a class made after a list
            default:
                throw Damaged("appends to something that is not a list");
        }
    }

    private void SetItems(object?[] items)
    {
        if (items.Length % 2 != 0)
            throw Damaged("sets items of something that is not a dict");
        var target = Peek() switch
        {
            PickleDict dict => dict.Items,
            PickleObject made => made.Items ??= new(StringComparer.Ordinal),
            _ => throw Damaged("sets items of something that is not a dict"),
        };
        for (var i = 0; i < items.Length; i += 2)
        {
            if (items[i] is string key)
                target[key] = items[i + 1];
        }
    }

    // The state of a dict is its version notes, which carry no weights.
    private void Build(object? state)
    {
        if (Peek() is PickleObject made)
            made.State = state;
    }

    private void Memoize(long index)
    {
        Count();
        _memo[index] = Peek();
    }

    private void Recall(long index) =>
        Push(
            _memo.TryGetValue(index, out var value)
                ? value
                : throw Damaged($"recalls value {index}, which it never stored")
        );

    /// <summary>Values below this belong to a group that is still open.</summary>
    private int Floor => _marks.TryPeek(out var mark) ? mark : 0;

    private void Push(object? value)
    {
        Count();
        _stack.Add(value);
    }

    private void Count()
    {
        if (++_values > MaximumValues)
            throw Refused(
                $"its pickle has more than {MaximumValues:N0} values; save the weights alone with "
                    + "torch.save(model.state_dict(), file)"
            );
    }

    private object? Peek() => _stack.Count > Floor ? _stack[^1] : throw Damaged("takes a value where there is none");

    private object? Pop() => PopMany(1)[0];

    // As Python has it: above an open mark there may be nothing to drop but the mark.
    private void DropTop()
    {
        if (_stack.Count == Floor && _marks.Count > 0)
            _marks.Pop();
        else
            Pop();
    }

    private object?[] PopMany(int count)
    {
        var first = _stack.Count - count;
        if (first < Floor)
            throw Damaged("takes a value where there is none");
        var values = _stack.GetRange(first, count).ToArray();
        _stack.RemoveRange(first, count);
        return values;
    }

    private object?[] PopToMark()
    {
        if (!_marks.TryPeek(out var mark))
            throw Damaged("closes a group that it never opened");
        var values = PopMany(_stack.Count - mark);
        _marks.Pop();
        return values;
    }

    private byte TakeByte() => Take(1)[0];

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _pickle.Length - _position)
            throw Damaged("is cut off");
        var taken = _pickle.Span.Slice(_position, count);
        _position += count;
        return taken;
    }

    private int TakeLength(ulong length) => length <= (ulong)_pickle.Length ? (int)length : throw Damaged("is cut off");

    private string TakeText(ulong length) => Encoding.UTF8.GetString(Take(TakeLength(length)));

    // Bytes say nothing about weights.
    private void Skip(ulong length)
    {
        Take(TakeLength(length));
        Push(null);
    }

    private string TakeLine()
    {
        var length = _pickle.Span[_position..].IndexOf((byte)'\n');
        if (length < 0)
            throw Damaged("is cut off");
        var line = Encoding.UTF8.GetString(Take(length));
        Take(1);
        return line;
    }

    // Larger than 64 bits: no size or count, and nothing else is looked at. Python's random generators have such.
    private static long? ReadLong(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > sizeof(long))
            return null;
        var value = 0L;
        for (var i = 0; i < bytes.Length; i++)
            value |= (long)bytes[i] << (8 * i);
        var unused = 64 - 8 * bytes.Length;
        return unused is 0 or 64 ? value : value << unused >> unused;
    }

    private static long? ReadDecimal(string line) =>
        long.TryParse(line.TrimEnd('L'), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;

    private string Text(object? value) =>
        value as string ?? throw Damaged("names a function by something that is not text");

    private void CheckProtocol(byte protocol)
    {
        if (protocol is < 2 or > MaximumProtocol)
            throw Refused($"its pickle is of protocol {protocol}; read are 2 to {MaximumProtocol}");
    }

    private CheckpointException Damaged(string what) => new($"{_path}: its pickle {what}; the file is damaged");

    private CheckpointException Refused(string what) => new($"{_path}: {what}");
}
