namespace Vla.Sensors.Simulation;

/// <summary>The newest proprioception measurements, each with its time; for one thread at a time.</summary>
internal sealed class StateHistory
{
    /// <summary>More than a second of an arm told at 50 Hz and filmed at 30 Hz.</summary>
    public const int Length = 128;

    private readonly long[] _times = new long[Length];
    private readonly float[] _states = new float[Length * WorldAction.Dimensions];
    private int _newest = -1;
    private int _count;

    /// <summary>Where the next measurement is to be written.</summary>
    /// <param name="nowNs">Its time, no earlier than the one before; at the same time it takes that one's place.</param>
    public Span<float> Next(long nowNs)
    {
        if (_count == 0 || _times[_newest] != nowNs)
        {
            _newest = (_newest + 1) % Length;
            _count = Math.Min(_count + 1, Length);
        }

        _times[_newest] = nowNs;
        return At(_newest);
    }

    /// <summary>The newest measurement that is no later than a moment.</summary>
    public bool TryRead(long atNs, Span<float> state)
    {
        for (var back = 0; back < _count; back++)
        {
            var place = (_newest - back + Length) % Length;
            if (_times[place] > atNs) continue;
            At(place).CopyTo(state);
            return true;
        }

        return false;
    }

    private Span<float> At(int place) => _states.AsSpan(place * WorldAction.Dimensions, WorldAction.Dimensions);
}
