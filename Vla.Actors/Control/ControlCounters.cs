using System.Numerics;
using Vla.Actors.Robots;

namespace Vla.Actors.Control;

/// <summary>The control loop's counts: written by one thread, read by any.</summary>
internal sealed class ControlCounters(int dimensions)
{
    public readonly long[] PublishedByState = new long[Enum.GetValues<ControlState>().Length];
    public readonly long[] Clamps = new long[dimensions];
    public long Offered;
    public long Replaced;
    public long Faults;
    public string LastFault = "";
    public string LastStop = "";

    public void Count(PublishedAction action)
    {
        if (action.State == ControlState.Stop)
            Volatile.Write(ref LastStop, action.Reason);
        Interlocked.Increment(ref PublishedByState[(int)action.State]);
        for (var left = action.Clamped; left != 0; left &= left - 1)
            Interlocked.Increment(ref Clamps[BitOperations.TrailingZeroCount(left)]);
    }

    public void CountFault(Exception exception)
    {
        Volatile.Write(ref LastFault, $"{exception.GetType().Name}: {exception.Message}");
        Interlocked.Increment(ref Faults);
    }

    public static long[] Copy(long[] counts)
    {
        var copy = new long[counts.Length];
        for (var i = 0; i < copy.Length; i++)
            copy[i] = Interlocked.Read(ref counts[i]);
        return copy;
    }
}
