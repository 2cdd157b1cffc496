using System.Runtime.InteropServices;

namespace Vla.Sensors;

/// <summary>Sets environment variables that native libraries read when they are loaded.</summary>
internal static partial class NativeEnvironment
{
    /// <summary>Sets a variable for native code of this process; one that the user has set stays.</summary>
    public static void SetDefault(string name, string value)
    {
        // Environment.SetEnvironmentVariable changes .NET's own copy of the environment, which native code never sees.
        if (OperatingSystem.IsWindows())
            Environment.SetEnvironmentVariable(name, Environment.GetEnvironmentVariable(name) ?? value);
        else
            _ = Set(name, value, overwrite: 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(string name, string value, int overwrite);
}
