using System.Buffers.Binary;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Vla.Actors.Checkpoints;

/// <summary>The kinds of number a checkpoint may hold.</summary>
public enum CheckpointType
{
    /// <summary>32-bit floats.</summary>
    F32,

    /// <summary>16-bit floats, IEEE's.</summary>
    F16,

    /// <summary>16-bit floats, with the range of 32-bit ones.</summary>
    BF16,

    /// <summary>64-bit floats.</summary>
    F64,

    /// <summary>64-bit whole numbers.</summary>
    I64,

    /// <summary>32-bit whole numbers.</summary>
    I32,

    /// <summary>Bytes.</summary>
    U8,

    /// <summary>True or false, a byte each.</summary>
    Bool,
}

/// <summary>What a <see cref="CheckpointType"/> is called, how wide it is and which Torch type it becomes.</summary>
internal static class CheckpointTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this CheckpointType type) =>
        type switch
        {
            CheckpointType.F64 or CheckpointType.I64 => 8,
            CheckpointType.F32 or CheckpointType.I32 => 4,
            CheckpointType.F16 or CheckpointType.BF16 => 2,
            _ => 1,
        };

    /// <summary>The name in a safetensors header: <c>F32</c>, <c>BOOL</c>.</summary>
    public static string SafetensorsName(this CheckpointType type) =>
        type is CheckpointType.Bool ? "BOOL" : type.ToString();

    /// <summary>The type a safetensors header names; null for one that Vla does not read.</summary>
    public static CheckpointType? FromSafetensorsName(string name) =>
        name switch
        {
            "F32" => CheckpointType.F32,
            "F16" => CheckpointType.F16,
            "BF16" => CheckpointType.BF16,
            "F64" => CheckpointType.F64,
            "I64" => CheckpointType.I64,
            "I32" => CheckpointType.I32,
            "U8" => CheckpointType.U8,
            "BOOL" => CheckpointType.Bool,
            _ => null,
        };

    public static ScalarType ToTorch(this CheckpointType type) =>
        type switch
        {
            CheckpointType.F32 => ScalarType.Float32,
            CheckpointType.F16 => ScalarType.Float16,
            CheckpointType.BF16 => ScalarType.BFloat16,
            CheckpointType.F64 => ScalarType.Float64,
            CheckpointType.I64 => ScalarType.Int64,
            CheckpointType.I32 => ScalarType.Int32,
            CheckpointType.U8 => ScalarType.Byte,
            _ => ScalarType.Bool,
        };

    /// <summary>The checkpoint's type for a Torch type; null for one that checkpoints do not hold.</summary>
    public static CheckpointType? FromTorch(ScalarType type) =>
        type switch
        {
            ScalarType.Float32 => CheckpointType.F32,
            ScalarType.Float16 => CheckpointType.F16,
            ScalarType.BFloat16 => CheckpointType.BF16,
            ScalarType.Float64 => CheckpointType.F64,
            ScalarType.Int64 => CheckpointType.I64,
            ScalarType.Int32 => CheckpointType.I32,
            ScalarType.Byte => CheckpointType.U8,
            ScalarType.Bool => CheckpointType.Bool,
            _ => null,
        };

    /// <summary>True for F16, BF16, F32 and F64, which convert into each other when weights are loaded.</summary>
    public static bool IsFloatingPoint(this CheckpointType type) =>
        type is CheckpointType.F16 or CheckpointType.BF16 or CheckpointType.F32 or CheckpointType.F64;

    /// <summary>Turns elements of the other byte order into this machine's, in place.</summary>
    internal static void ReverseByteOrder(this CheckpointType type, Span<byte> elements)
    {
        switch (type.Size())
        {
            case 8:
                var longs = MemoryMarshal.Cast<byte, ulong>(elements);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
            case 4:
                var ints = MemoryMarshal.Cast<byte, uint>(elements);
                BinaryPrimitives.ReverseEndianness(ints, ints);
                break;
            case 2:
                var shorts = MemoryMarshal.Cast<byte, ushort>(elements);
                BinaryPrimitives.ReverseEndianness(shorts, shorts);
                break;
        }
    }
}
