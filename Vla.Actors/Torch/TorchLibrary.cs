using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Security.Cryptography;

namespace Vla.Actors.Torch;

/// <summary>
/// Lets TorchSharp's native library load on systems whose libstdc++ is too old for it, with <see cref="OpenMpSettings"/>.
/// </summary>
/// <remarks>
/// Registered with the first use of this assembly, before any of its types can touch <c>torch</c>. The runtime asks only after its
/// plain load has failed; where that failed for another reason than <see cref="LibStdCxxRepair.NewVersion"/>, nothing
/// is done. The original file is never changed: a repaired copy is kept in the user's cache, keyed by the hash of the
/// original.
/// </remarks>
public static class TorchLibrary
{
    private const string Name = "LibTorchSharp";
    private const string FileName = "libLibTorchSharp.so";

    // What the copy needs, in order. Loaded by full path beforehand, so that the copy finds them wherever it lies.
    private static readonly string[] Needed = ["libc10.so", "libtorch_cpu.so", "libtorch.so"];

    private static int _registered;

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries",
        Justification = "Whoever uses these modules, a test or somebody's own program too, needs it before the first touch of torch.")]
    internal static void Initialise() => Register();

    /// <summary>
    /// Registers now. Only a program that may touch <c>torch</c> before any type of this assembly has to call it.
    /// </summary>
    public static void Register()
    {
        if (!OperatingSystem.IsLinux() || Interlocked.Exchange(ref _registered, 1) != 0) return;

        OpenMpSettings.Apply();
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) => Resolve(name);
    }

    private static nint Resolve(string name)
    {
        if (name != Name || FindOriginal() is not { } original || !FailsForLibStdCxx(original)) return 0;

        var folder = Path.GetDirectoryName(original)!;
        foreach (var library in Needed) NativeLibrary.Load(Path.Combine(folder, library));
        return NativeLibrary.Load(RepairedCopy(original, CacheFolder()));
    }

    private static string? FindOriginal()
    {
        // The application's folder, or (built without a runtime identifier) its folder of native assets.
        var searched = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return searched.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
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

    /// <summary>Path of the repaired copy of a library, made if it is not in the cache yet.</summary>
    /// <param name="original">The library as installed; only read.</param>
    /// <param name="cacheFolder">Created if missing.</param>
    /// <exception cref="InvalidDataException">The library is not one that can be repaired.</exception>
    public static string RepairedCopy(string original, string cacheFolder)
    {
        var bytes = File.ReadAllBytes(original);
        var folder = Path.Combine(cacheFolder, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        var copy = Path.Combine(folder, FileName);
        if (File.Exists(copy)) return copy;

        LibStdCxxRepair.Apply(bytes);
        Directory.CreateDirectory(folder);
        // Written aside and renamed: a second process never sees half a library.
        var aside = Path.Combine(folder, $"{Guid.NewGuid():N}.tmp");
        File.WriteAllBytes(aside, bytes);
        File.Move(aside, copy, overwrite: true);
        return copy;
    }

    private static string CacheFolder()
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache) && Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home)
            cache = Path.Combine(home, ".cache");
        if (!string.IsNullOrEmpty(cache))
        {
            try
            {
                return Directory.CreateDirectory(Path.Combine(cache, "vla", "native")).FullName;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A service without a writable home: fall through to a private folder for this run.
            }
        }

        return Directory.CreateTempSubdirectory("vla-native-").FullName;
    }
}
