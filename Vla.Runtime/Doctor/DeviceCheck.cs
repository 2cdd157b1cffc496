using static TorchSharp.torch;

namespace Vla.Runtime.Doctor;

/// <summary>What can compute here: the processor, and a GPU or why there is none.</summary>
internal static class DeviceCheck
{
    public static IEnumerable<Finding> Processor()
    {
        const string file = "/proc/cpuinfo";
        yield return Processor(File.Exists(file) ? File.ReadAllText(file) : "", Environment.ProcessorCount);
    }

    /// <param name="cpuInfo">Text of <c>/proc/cpuinfo</c>.</param>
    /// <param name="threads">Hardware threads this process may use.</param>
    public static Finding Processor(string cpuInfo, int threads)
    {
        var name = cpuInfo
            .Split('\n')
            .Where(line => line.StartsWith("model name", StringComparison.Ordinal))
            .Select(line => line.Split(':', 2)[^1].Trim())
            .FirstOrDefault("unknown");
        return Finding.Ok("processor", $"{name}, {threads} {(threads == 1 ? "thread" : "threads")}");
    }

    public static IEnumerable<Finding> Gpu()
    {
        var backend = Directory
            .EnumerateFiles(AppContext.BaseDirectory, "libtorch_cuda*.so", SearchOption.AllDirectories)
            .Any();
        var driver = File.Exists("/dev/nvidiactl");
        yield return Gpu(backend, driver, () => cuda.is_available() ? cuda.device_count() : 0);
    }

    /// <param name="backend">The build has libtorch with CUDA.</param>
    /// <param name="driver">NVIDIA's driver is loaded.</param>
    /// <param name="devices">Asks Torch how many GPUs it can use.</param>
    public static Finding Gpu(bool backend, bool driver, Func<int> devices)
    {
        const string subject = "GPU";
        if (!backend)
        {
            return driver
                ? Finding.Note(
                    subject,
                    "an NVIDIA GPU is here, but this build computes on the CPU",
                    "TorchBackend=cuda ./vla run (see GPU in docs/operations.md)"
                )
                : Finding.Note(subject, "none: no NVIDIA driver here, and this build computes on the CPU");
        }

        if (!driver)
            return Finding.Fail(
                subject,
                "this build is for CUDA, but no NVIDIA driver is loaded",
                "install NVIDIA's driver, or build without TorchBackend=cuda"
            );

        return devices() is > 0 and var count
            ? Finding.Ok(subject, $"CUDA, {count} {(count == 1 ? "device" : "devices")}")
            : Finding.Fail(
                subject,
                "the driver is loaded, but Torch finds no device it can use",
                "nvidia-smi shows what the driver sees; a newer driver may be needed"
            );
    }
}
