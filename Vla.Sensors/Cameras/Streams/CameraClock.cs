namespace Vla.Sensors.Cameras.Streams;

/// <summary>Places pictures that carry the time of the camera's own clock in monotonic time.</summary>
/// <remarks>
/// The two clocks' difference is not known, but how it varies is: a picture that took longer than the quickest of the
/// last minute waited on its way. The quickest counts as not having waited; what every picture takes is not in these
/// times.
/// </remarks>
internal sealed class CameraClock
{
    // The clocks drift apart by some millionths: the quickest picture of long ago means nothing any more.
    private const long WindowNs = 30 * MonotonicTime.NsPerSecond;

    private const int SteadyInARow = 3;
    private const long SteadyNs = 10 * MonotonicTime.NsPerMs;

    private long _quickestNs = long.MaxValue;
    private long _quickestBeforeNs = long.MaxValue;
    private long _windowEndNs;
    private double _lastSeconds = double.NegativeInfinity;
    private int _steady;

    /// <summary>
    /// False in the beginning, while pictures still come quicker and quicker: what was held up before is being sent.
    /// </summary>
    public bool IsSettled => _steady >= SteadyInARow;

    /// <summary>When a picture was taken.</summary>
    /// <param name="cameraSeconds">By the camera's clock.</param>
    /// <param name="arrivedNs">When it arrived, monotonic nanoseconds.</param>
    /// <returns>Monotonic nanoseconds; null when the camera's clock stands still or went back.</returns>
    public long? Place(double cameraSeconds, long arrivedNs)
    {
        var goesOn = cameraSeconds > _lastSeconds;
        _lastSeconds = cameraSeconds;
        if (!goesOn)
        {
            (_quickestNs, _quickestBeforeNs, _steady) = (long.MaxValue, long.MaxValue, 0);
            return null;
        }

        if (arrivedNs > _windowEndNs)
        {
            (_quickestBeforeNs, _quickestNs) = (_quickestNs, long.MaxValue);
            _windowEndNs = arrivedNs + WindowNs;
        }

        var tookNs = arrivedNs - (long)(cameraSeconds * MonotonicTime.NsPerSecond);
        var quickestNs = Math.Min(_quickestNs, _quickestBeforeNs);
        if (!IsSettled)
            _steady = quickestNs == long.MaxValue || quickestNs - tookNs > SteadyNs ? 0 : _steady + 1;
        _quickestNs = Math.Min(_quickestNs, tookNs);
        return arrivedNs - (tookNs - Math.Min(quickestNs, tookNs));
    }
}
