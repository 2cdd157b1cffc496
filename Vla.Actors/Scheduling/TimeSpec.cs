using System.Runtime.InteropServices;
using Vla.Sensors;

namespace Vla.Actors.Scheduling;

/// <summary>The C library's <c>struct timespec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpec
{
    private nint _seconds;
    private nint _nanoseconds;

    public long Ns
    {
        readonly get => _seconds * MonotonicTime.NsPerSecond + _nanoseconds;
        init =>
            (_seconds, _nanoseconds) = (
                (nint)(value / MonotonicTime.NsPerSecond),
                (nint)(value % MonotonicTime.NsPerSecond)
            );
    }
}
