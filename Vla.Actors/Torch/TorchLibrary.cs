using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Microsoft.Win32.SafeHandles;

namespace Vla.Actors.Torch;

/// <summary>
/// Lets TorchSharp's native library load on systems whose libstdc++ is too old for it, with
/// <see cref="OpenMpSettings"/>.
/// </summary>
/// <remarks>
/// Registered with the first use of this assembly, before any of its types can touch <c>torch</c>. The runtime asks
/// only after its plain load has failed; where that failed for another reason than
/// <see cref="LibStdCxxRepair.NewVersion"/>, nothing is done. The original file is never changed: a repaired copy is
/// loaded from memory, so that nothing has to be written, whoever runs the program and wherever it lies.
/// </remarks>
internal static partial class TorchLibrary
{
    private const string Name = "LibTorchSharp";
    private const string FileName = "libLibTorchSharp.so";

    // What the copy needs, in order. Loaded by full path beforehand, so that the copy finds them wherever it lies.
    private static readonly string[] Needed = ["libc10.so", "libtorch_cpu.so", "libtorch.so"];

    private const uint CloseOnExec = 1; // MFD_CLOEXEC, linux/memfd.h

    private static int _registered;

    // Kept open: the loader knows a library by its path, and another file could get the same number.
    private static SafeFileHandle? _inMemory;

    [ModuleInitializer]
    [SuppressMessage(
        "Usage",
        "CA2255:The 'ModuleInitializer' attribute should not be used in libraries",
        Justification = "Whoever uses these modules, a test or somebody's own program too, needs it before the first "
            + "touch of torch."
    )]
    internal static void Initialise() => Register();

    /// <summary>
    /// Registers now. Only a program that may touch <c>torch</c> before any type of this assembly has to call it.
    /// </summary>
    public static void Register()
    {
        if (!OperatingSystem.IsLinux() || Interlocked.Exchange(ref _registered, 1) != 0)
            return;

        OpenMpSettings.Apply();
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) => Resolve(name);
    }

    private static nint Resolve(string name)
    {
        if (name != Name || FindOriginal() is not { } original || !FailsForLibStdCxx(original))
            return 0;

        var folder = Path.GetDirectoryName(original)!;
        foreach (var library in Needed)
            NativeLibrary.Load(Path.Combine(folder, library));
        return LoadFromMemory(Repaired(original));
    }

    private static string? FindOriginal()
    {
        // The application's folder, or (built without a runtime identifier) its folder of native assets.
        var searched = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return searched
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Prepend(AppContext.BaseDirectory)
            .Select(folder => Path.Combine(folder, FileName))
            .FirstOrDefault(File.Exists);
    }

    private static bool FailsForLibStdCxx(string library)
    {
        try
        {
            NativeLibrary.Load(library);
            return false;
        }
        catch (DllNotFoundException e)
        {
            return e.Message.Contains(LibStdCxxRepair.NewVersion, StringComparison.Ordinal);
        }
    }

    /// <summary>The bytes of a repaired copy of the library.</summary>
    /// <param name="original">The library as installed; only read.</param>
    /// <exception cref="InvalidDataException">The library is not one that can be repaired.</exception>
    public static byte[] Repaired(string original)
    {
        var bytes = File.ReadAllBytes(original);
        LibStdCxxRepair.Apply(bytes);
        return bytes;
    }

    private static nint LoadFromMemory(byte[] library)
    {
        var descriptor = CreateInMemory(FileName, CloseOnExec);
        if (descriptor < 0)
        {
            throw new DllNotFoundException(
                $"{FileName} has to be repaired for this system's libstdc++, and a file in memory could not be made: "
                    + $"{Marshal.GetLastPInvokeErrorMessage()}"
            );
        }

        _inMemory = new SafeFileHandle(descriptor, ownsHandle: true);
        RandomAccess.Write(_inMemory, library, 0);
        return NativeLibrary.Load($"/proc/self/fd/{descriptor}");
    }

    [LibraryImport(
        "libc",
        EntryPoint = "memfd_create",
        SetLastError = true,
        StringMarshalling = StringMarshalling.Utf8
    )]
    private static partial int CreateInMemory(string name, uint flags);
}
