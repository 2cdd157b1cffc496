using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Vla.Sensors.Cameras.V4L2;

/// <summary>The few calls, numbers and structures of <c>linux/videodev2.h</c> that listing devices needs.</summary>
/// <remarks>Structures are those of 64-bit Linux; each request's number carries its structure's size.</remarks>
internal static unsafe partial class Native
{
    // open(2)
    public const int ReadWrite = 2;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;

    // errno(3)
    public const int Interrupted = 4;
    public const int NoSuchAddress = 6;
    public const int NoPermission = 13;
    public const int Busy = 16;
    public const int NoDevice = 19;
    public const int NotATerminal = 25;

    // VIDIOC_…
    public const uint QueryCapability = 0x80685600;
    public const uint EnumerateFormats = 0xC0405602;
    public const uint GetFormat = 0xC0D05604;
    public const uint SetFormat = 0xC0D05605;
    public const uint EnumerateFrameSizes = 0xC02C564A;
    public const uint EnumerateFrameIntervals = 0xC034564B;

    // V4L2_CAP_…, V4L2_BUF_TYPE_…, V4L2_FRMSIZE_TYPE_…
    public const uint CanCapture = 0x00000001;
    public const uint HasDeviceCapabilities = 0x80000000;
    public const uint VideoCapture = 1;
    public const uint Discrete = 1;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int handle);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(int handle, nuint request, void* data);

    [InlineArray(16)]
    public struct Bytes16
    {
        private byte _first;
    }

    [InlineArray(32)]
    public struct Bytes32
    {
        private byte _first;
    }

    /// <summary><c>struct v4l2_capability</c>, 104 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Capability
    {
        public Bytes16 Driver;
        public Bytes32 Card;
        public Bytes32 Bus;
        public uint Version;
        public uint Capabilities;
        public uint DeviceCapabilities;
        public fixed uint Reserved[3];
    }

    /// <summary><c>struct v4l2_fmtdesc</c>, 64 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FormatDescription
    {
        public uint Index;
        public uint Type;
        public uint Flags;
        public Bytes32 Description;
        public uint PixelFormat;
        public uint BusCode;
        public fixed uint Reserved[3];
    }

    /// <summary><c>struct v4l2_format</c>, 208 bytes; what is in it does not matter here.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Format
    {
        public uint Type;
        public fixed uint Rest[51];
    }

    /// <summary>
    /// <c>struct v4l2_frmsizeenum</c>, 44 bytes. A discrete size has its width in MinWidth, its height in MaxWidth.
    /// </summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FrameSize
    {
        public uint Index;
        public uint PixelFormat;
        public uint Type;
        public uint MinWidth;
        public uint MaxWidth;
        public uint StepWidth;
        public uint MinHeight;
        public uint MaxHeight;
        public uint StepHeight;
        public fixed uint Reserved[2];
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Fraction
    {
        public uint Numerator;
        public uint Denominator;
    }

    /// <summary><c>struct v4l2_frmivalenum</c>, 52 bytes. A discrete interval is in Min.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FrameInterval
    {
        public uint Index;
        public uint PixelFormat;
        public uint Width;
        public uint Height;
        public uint Type;
        public Fraction Min;
        public Fraction Max;
        public Fraction Step;
        public fixed uint Reserved[2];
    }
}
