using System.Runtime.InteropServices;
using Vla.Sensors;

namespace Vla.Tests.Sensors.Cameras;

public sealed partial class OpenCvNativeTests
{
    [LinuxTheory]
    [InlineData("OPENCV_LOG_LEVEL")]
    [InlineData("OPENCV_FFMPEG_LOGLEVEL")]
    [InlineData("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT")]
    public void Native_code_sees_the_settings_that_keep_it_quiet_and_quick(string name)
    {
        OpenCvNative.EnsureLoaded();

        Assert.NotEqual(0, GetNativeEnvironment(name));
    }

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetNativeEnvironment(string name);
}
