using System.Runtime.InteropServices;
using Vla.Actors.Checkpoints;

namespace Vla.Tests.Actors.Torch;

public sealed partial class OpenMpSettingsTests
{
    [LinuxFact]
    public void Native_code_sees_how_long_threads_spin_unless_the_user_has_said_how_they_wait()
    {
        _ = new CheckpointException("the first use of the assembly");

        Assert.True(GetNativeEnvironment("GOMP_SPINCOUNT") != 0 || GetNativeEnvironment("OMP_WAIT_POLICY") != 0);
    }

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetNativeEnvironment(string name);
}
