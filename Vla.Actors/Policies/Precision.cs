using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace Vla.Actors.Policies;

/// <summary>The numbers a policy's vision encoder computes in; <c>precision</c> in <c>config.json</c>.</summary>
public enum Precision
{
    /// <summary>32-bit floats.</summary>
    Float32,

    /// <summary>
    /// Float32's range with 8 bits of precision; about twice as fast where the processor or GPU has it.
    /// </summary>
    BFloat16,

    /// <summary>11 bits of precision up to 65,504; for GPUs.</summary>
    Float16,
}

/// <summary>The precision in force on a device.</summary>
/// <param name="Precision">What the vision encoder computes in.</param>
/// <param name="Note">Why it is not what was asked for; empty when it is.</param>
public sealed record PrecisionInForce(Precision Precision, string Note)
{
    /// <summary>
    /// The wanted precision where the device has it, float32 otherwise: slower, and nowhere less exact.
    /// </summary>
    public static PrecisionInForce On(Device device, Precision wanted) => On(device.type, CpuHasBFloat16, wanted);

    internal static PrecisionInForce On(DeviceType device, bool cpuHasBFloat16, Precision wanted) =>
        (device, wanted) switch
        {
            (not DeviceType.CPU, _) or (_, Precision.Float32) => new(wanted, ""),
            (_, Precision.BFloat16) when cpuHasBFloat16 => new(wanted, ""),
            (_, Precision.BFloat16) => new(
                Precision.Float32,
                "bfloat16 needs a processor with AVX-512 BF16 or AMX, or a GPU"
            ),
            _ => new(Precision.Float32, "float16 needs a GPU"),
        };

    /// <summary>
    /// Torch computes in bfloat16 on any processor; on one without instructions for it, slower than in float32.
    /// </summary>
    private static bool CpuHasBFloat16 { get; } = Avx512F.IsSupported && ReadCpuHasBFloat16();

    private static bool ReadCpuHasBFloat16()
    {
        // CPUID leaf 7: subleaf 1 EAX bit 5 is AVX512_BF16, subleaf 0 EDX bit 22 is AMX-BF16.
        const int leaf = 7;
        return (X86Base.CpuId(leaf, 1).Eax & (1 << 5)) != 0 || (X86Base.CpuId(leaf, 0).Edx & (1 << 22)) != 0;
    }

    internal static ScalarType ToTorch(Precision precision) =>
        precision switch
        {
            Precision.BFloat16 => ScalarType.BFloat16,
            Precision.Float16 => ScalarType.Float16,
            _ => ScalarType.Float32,
        };
}
