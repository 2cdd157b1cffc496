namespace Vla.Actors.Checkpoints.Pickling;

/// <summary>What the names of Python's modules stand for; none of them is ever called.</summary>
internal static class PickleNames
{
    /// <summary>Modules that only an attack names.</summary>
    private static readonly HashSet<string> WaysIntoTheMachine = Words(
        """
        os posix nt sys subprocess shutil socket runpy pty platform importlib ctypes commands webbrowser pip code pdb
        bdb timeit asyncio multiprocessing threading signal requests urllib httplib
        """
    );

    private static readonly HashSet<string> DangerousBuiltins = Words(
        """
        eval exec execfile compile open __import__ getattr setattr delattr globals locals vars apply breakpoint input
        map filter
        """
    );

    /// <summary>
    /// What makes tensors and dicts; of any other name a <see cref="PickleUnknown"/>, for training scripts put
    /// settings, counters and whole objects beside the weights.
    /// </summary>
    /// <exception cref="CheckpointException">It is a way into the machine, which no training script writes.</exception>
    public static object Resolve(string module, string name, PickleErrors errors) =>
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
            _ when IsAWayIntoTheMachine(module, name) => throw errors.Refused(
                $"its pickle asks for '{ErrorText.Bounded($"{module}.{name}")}', which no checkpoint needs: it may "
                    + "be an attack, do not load it in Python"
            ),
            _ => new PickleUnknown(ErrorText.Bounded($"{module}.{name}")),
        };

    private static bool IsAWayIntoTheMachine(string module, string name) =>
        WaysIntoTheMachine.Contains(module.Split('.')[0])
        || (module is "builtins" or "__builtin__" && DangerousBuiltins.Contains(name));

    private static HashSet<string> Words(string text) =>
        text.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
}
