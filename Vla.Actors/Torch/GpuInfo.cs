using System.Runtime.InteropServices;
using System.Text;

namespace Vla.Actors.Torch;

/// <summary>A GPU's name and memory. TorchSharp does not tell them, so the CUDA driver is asked.</summary>
/// <param name="Name">As the maker calls it: <c>NVIDIA GeForce RTX 4060 Laptop GPU</c>.</param>
/// <param name="MemoryBytes">All of its memory.</param>
internal sealed partial record GpuInfo(string Name, long MemoryBytes)
{
    private const string Driver = "cuda";
    private const int Success = 0;
    private const int MaximumNameBytes = 256;

    static GpuInfo() =>
        NativeLibrary.SetDllImportResolver(
            typeof(GpuInfo).Assembly,
            (name, _, _) =>
                name == Driver
                && NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out var library)
                    ? library
                    : 0
        );

    /// <param name="index">As in <c>cuda:N</c>: the driver counts as Torch does, CUDA_VISIBLE_DEVICES included.</param>
    /// <returns>Null when there is no NVIDIA driver or no such GPU.</returns>
    public static GpuInfo? Read(int index)
    {
        try
        {
            var name = new byte[MaximumNameBytes];
            if (
                Initialise(0) != Success
                || GetDevice(out var device, index) != Success
                || GetName(name, name.Length, device) != Success
                || GetMemory(out var bytes, device) != Success
            )
                return null;
            return new GpuInfo(Encoding.ASCII.GetString(name).TrimEnd('\0'), (long)bytes);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport(Driver, EntryPoint = "cuInit")]
    private static partial int Initialise(uint flags);

    [LibraryImport(Driver, EntryPoint = "cuDeviceGet")]
    private static partial int GetDevice(out int device, int ordinal);

    [LibraryImport(Driver, EntryPoint = "cuDeviceGetName")]
    private static partial int GetName([Out] byte[] name, int length, int device);

    [LibraryImport(Driver, EntryPoint = "cuDeviceTotalMem_v2")]
    private static partial int GetMemory(out nuint bytes, int device);
}
