using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Vla.Actors.Policies;

/// <summary>What a model gives as an action chunk, as plain numbers.</summary>
internal static class ChunkValues
{
    /// <param name="actions">Of any float type, on any device.</param>
    /// <returns>Row by row; the caller's own.</returns>
    public static float[] Of(Tensor actions)
    {
        if (actions.dtype == ScalarType.Float32 && actions.device_type == DeviceType.CPU && actions.is_contiguous())
            return MemoryMarshal.Cast<byte, float>(actions.bytes).ToArray();
        using var scope = NewDisposeScope();
        var plain = actions.to(ScalarType.Float32).cpu().contiguous();
        return MemoryMarshal.Cast<byte, float>(plain.bytes).ToArray();
    }
}
