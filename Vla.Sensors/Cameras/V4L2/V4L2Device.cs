using System.Runtime.InteropServices;
using System.Text;

namespace Vla.Sensors.Cameras.V4L2;

/// <summary>An opened Video4Linux device node, to ask it questions; it never starts streaming.</summary>
internal sealed class V4L2Device : IDisposable
{
    // A driver that never says "no more" must not hold us for ever.
    private const uint MaximumEntries = 256;
    private const int MaximumAttempts = 10;

    private readonly string _path;
    private readonly int _handle;
    private Native.Capability _capability;

    private V4L2Device(string path, int handle)
    {
        _path = path;
        _handle = handle;
    }

    /// <summary>
    /// Opens a device node; null, with the reason and the mend, when it is none or does not let itself be opened.
    /// </summary>
    public static V4L2Device? TryOpen(string path, out string? problem)
    {
        var handle = Native.Open(path, Native.ReadWrite | Native.NonBlocking | Native.CloseOnExec);
        if (handle < 0)
        {
            problem = Reason(Marshal.GetLastPInvokeError());
            return null;
        }

        var device = new V4L2Device(path, handle);
        if (device.Ask(Native.QueryCapability, ref device._capability))
        {
            problem = null;
            return device;
        }

        var error = Marshal.GetLastPInvokeError();
        device.Dispose();
        problem = error == Native.NotATerminal ? "is not a video device; `vla cameras` lists those" : Reason(error);
        return null;
    }

    /// <summary>True when another program has the device streaming.</summary>
    public static bool IsBusy(string path)
    {
        using var device = TryOpen(path, out _);
        if (device is null)
            return false;

        // Setting the format that is already set changes nothing, and is refused while somebody streams.
        var format = new Native.Format { Type = Native.VideoCapture };
        return device.Ask(Native.GetFormat, ref format)
            && !device.Ask(Native.SetFormat, ref format)
            && Marshal.GetLastPInvokeError() == Native.Busy;
    }

    public VideoDevice Describe()
    {
        var capabilities =
            (_capability.Capabilities & Native.HasDeviceCapabilities) != 0
                ? _capability.DeviceCapabilities
                : _capability.Capabilities;
        var captures = (capabilities & Native.CanCapture) != 0;
        return new VideoDevice(
            _path,
            Text(_capability.Card),
            Text(_capability.Driver),
            Text(_capability.Bus),
            captures,
            captures ? [.. Formats()] : []
        );
    }

    public void Dispose() => _ = Native.Close(_handle);

    private IEnumerable<VideoFormat> Formats()
    {
        for (var index = 0u; index < MaximumEntries; index++)
        {
            var format = new Native.FormatDescription { Index = index, Type = Native.VideoCapture };
            if (!Ask(Native.EnumerateFormats, ref format))
                yield break;
            yield return new VideoFormat(
                Code(format.PixelFormat),
                Text(format.Description),
                [.. Sizes(format.PixelFormat)]
            );
        }
    }

    private IEnumerable<VideoSize> Sizes(uint pixelFormat)
    {
        for (var index = 0u; index < MaximumEntries; index++)
        {
            var size = new Native.FrameSize { Index = index, PixelFormat = pixelFormat };
            if (!Ask(Native.EnumerateFrameSizes, ref size))
                yield break;

            if (size.Type == Native.Discrete)
            {
                yield return new VideoSize(
                    (int)size.MinWidth,
                    (int)size.MaxWidth,
                    (int)size.MinWidth,
                    (int)size.MaxWidth,
                    Rates(pixelFormat, size.MinWidth, size.MaxWidth)
                );
                continue;
            }

            yield return new VideoSize(
                (int)size.MinWidth,
                (int)size.MinHeight,
                (int)size.MaxWidth,
                (int)size.MaxHeight,
                Rates(pixelFormat, size.MaxWidth, size.MaxHeight)
            );
            yield break;
        }
    }

    private List<double> Rates(uint pixelFormat, uint width, uint height)
    {
        var rates = new List<double>();
        for (var index = 0u; index < MaximumEntries; index++)
        {
            var interval = new Native.FrameInterval
            {
                Index = index,
                PixelFormat = pixelFormat,
                Width = width,
                Height = height,
            };
            if (!Ask(Native.EnumerateFrameIntervals, ref interval))
                break;

            Add(interval.Min);
            if (interval.Type == Native.Discrete)
                continue;
            Add(interval.Max);
            break;
        }

        rates.Sort((a, b) => b.CompareTo(a));
        return rates;

        void Add(Native.Fraction seconds)
        {
            if (seconds.Numerator > 0)
                rates.Add(Math.Round((double)seconds.Denominator / seconds.Numerator, 2));
        }
    }

    private unsafe bool Ask<T>(uint request, ref T data)
        where T : unmanaged
    {
        fixed (T* pointer = &data)
        {
            for (var attempt = 0; attempt < MaximumAttempts; attempt++)
            {
                if (Native.Control(_handle, request, pointer) == 0)
                    return true;
                if (Marshal.GetLastPInvokeError() != Native.Interrupted)
                    return false;
            }
        }

        return false;
    }

    private static string Reason(int error) =>
        error switch
        {
            Native.NoPermission =>
                "may not be used by you; join the group that may: sudo usermod -aG video $USER, then log in again",
            Native.NoDevice or Native.NoSuchAddress =>
                "was unplugged, or a program still holds it from before it was; close that program",
            Native.Busy => "is in use by another program; close that one",
            _ => $"cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}",
        };

    private static string Code(uint pixelFormat)
    {
        Span<char> code = stackalloc char[4];
        // The highest bit marks big-endian variants.
        for (var i = 0; i < code.Length; i++)
            code[i] = (char)((pixelFormat >> (8 * i)) & 0x7F);
        return code.TrimEnd(' ').ToString();
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]).Trim();
    }
}
