using System.Runtime.InteropServices;
using MessagePack;

namespace Vla.Runtime.Serving.VlaEval;

/// <summary>Arrays as vla-eval packs them: numpy's with keys that are texts.</summary>
internal static class VlaEvalArrays
{
    /// <summary>A row of float32.</summary>
    public static void Write(ref MessagePackWriter writer, ReadOnlySpan<float> values)
    {
        writer.WriteMapHeader(4);
        writer.Write("__ndarray__");
        writer.Write(true);
        writer.Write("data");
        writer.Write(MemoryMarshal.AsBytes(values));
        writer.Write("dtype");
        writer.Write("<f4");
        writer.Write("shape");
        writer.WriteArrayHeader(1);
        writer.Write(values.Length);
    }
}
