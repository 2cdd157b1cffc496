using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Vla.Actors.Torch;

/// <summary>Picks the device that a policy computes on from what the user wrote.</summary>
public static class TorchDevice
{
    /// <summary>What <see cref="Select"/> takes, for help texts and error messages.</summary>
    public const string Choices = "auto, cpu, cuda or cuda:N";

    /// <param name="name"><c>auto</c> (the first GPU, or the CPU where there is none), <c>cpu</c>, <c>cuda</c>,
    /// <c>cuda:N</c>.</param>
    /// <exception cref="DeviceException">The text is none of these, or that GPU is not there.</exception>
    public static Device Select(string name)
    {
        switch (name)
        {
            case "cpu":
                return CPU;
            case "auto":
                return cuda.is_available() ? CUDA : CPU;
            case "cuda":
                return Gpu(name, 0);
        }
        const string gpuPrefix = "cuda:";
        if (
            name.StartsWith(gpuPrefix, StringComparison.Ordinal)
            && int.TryParse(
                name.AsSpan(gpuPrefix.Length),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var index
            )
        )
            return Gpu(name, index);
        throw new DeviceException($"device '{name}' is not known; use {Choices}");
    }

    private static Device Gpu(string name, int index)
    {
        if (!cuda.is_available())
            throw new DeviceException(
                $"device '{name}' is not available: Torch sees no CUDA GPU; use auto or cpu, or see \"GPU\" in "
                    + "docs/operations.md"
            );
        var count = cuda.device_count();
        return index < count
            ? device(DeviceType.CUDA, index)
            : throw new DeviceException(
                $"device '{name}' is not available: there are {count} GPUs, cuda:0 to cuda:{count - 1}"
            );
    }
}
